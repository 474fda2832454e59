#!/bin/sh
export SHOP_SETTINGS="${SHOP_SETTINGS:-/etc/shop/shop.toml}"
exec shop
