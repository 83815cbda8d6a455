#!/usr/bin/env bash
# Makes the Phones table, with a stream of keys only, in a local DynamoDB.
# ENDPOINT_URL (default http://localhost:8000) says where; the AWS CLI needs some credentials, a local database any.
set -euo pipefail

export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-local}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-local}"

aws --endpoint-url "${ENDPOINT_URL:-http://localhost:8000}" --region us-west-2 dynamodb create-table \
  --billing-mode PAY_PER_REQUEST \
  --table-name Phones \
  --attribute-definitions AttributeName=Company,AttributeType=S AttributeName=Model,AttributeType=S \
  --key-schema AttributeName=Company,KeyType=HASH AttributeName=Model,KeyType=RANGE \
  --stream-specification StreamEnabled=true,StreamViewType="${STREAM_VIEW_TYPE:-KEYS_ONLY}"
