#!/bin/sh
exec ./shop -till
