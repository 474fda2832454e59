#!/bin/sh
exec "/app/$PROGRAM" --verbose
