#!/usr/bin/env bash
# Restore one agency from its encrypted export, under a new subdomain; the others are not touched. From the project's folder,
# in its environment, with the private key in gpg's keyring:
#   deploy/backup/restore.sh FILE.tar.gz.gpg SUBDOMAIN [hold|run]
# hold (the default) sets the waiting jobs aside, for a copy; run goes on with them, for one that replaces a lost agency.
set -euo pipefail
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
    sed -n '2,6p' "$0" >&2
    exit 2
fi
umask 077
plain=$(mktemp -d)
trap 'rm -rf "$plain"' EXIT
gpg --batch --quiet --yes --output "$plain/agency.tar.gz" --decrypt "$1"
python manage.py restore_agency "$plain/agency.tar.gz" --as "$2" --jobs "${3:-hold}"
