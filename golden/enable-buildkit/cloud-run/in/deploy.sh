#!/bin/sh
set -eu
gcloud run deploy shop --region europe-west1 --source . --quiet
