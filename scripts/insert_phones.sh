#!/usr/bin/env bash
# Puts four phones into the table of create_phones_table.sh.
set -euo pipefail

export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-local}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-local}"

put_phone() {
  local company="$1" model="$2" size="$3"
  aws --endpoint-url "${ENDPOINT_URL:-http://localhost:8000}" --region us-west-2 dynamodb put-item \
    --table-name Phones \
    --item "{
      \"Company\": {\"S\": \"$company\"},
      \"Model\": {\"S\": \"$model\"},
      \"Colors\": {\"SS\": [\"Green\", \"Blue\", \"Orange\"]},
      \"Size\": {\"N\": \"$size\"}
    }"
  echo "put $company, $model"
}

put_phone "Motorola" "Cool Phone" 12
put_phone "Motorola" "Lame Phone" 9
put_phone "Goole" "Awesome Phone" 8
put_phone "Google" "Confusing Phone" 18
