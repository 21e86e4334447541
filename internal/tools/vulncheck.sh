#!/usr/bin/env bash
# Looks for known vulnerabilities in code that is called: vulncheck.sh FOLDER...
# A database that cannot be asked is said aloud and is no failure: a network that
# is down says nothing about the code. VULNDB names another one, also as file://.
set -euo pipefail
tools=$(cd "$(dirname "$0")" && pwd)/go.mod
database=${VULNDB:-https://vuln.go.dev}

if ! answer=$(curl -fsSL --max-time 30 -o /dev/null "$database/index/db.json" 2>&1); then
  echo "NOT CHECKED for known vulnerabilities: $database cannot be asked ($answer)"
  exit 0
fi
for folder; do
  echo "looking for known vulnerabilities in $folder"
  (cd "$folder" && go tool -modfile="$tools" govulncheck -db "$database" .)
done
