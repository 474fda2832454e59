#!/bin/sh
jq . < "$1" | sort
