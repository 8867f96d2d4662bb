#!/usr/bin/env bash
# Export every agency, each to one encrypted file; the plain archive never leaves a private folder that is removed. One that
# fails is said and the others go on. Run it nightly, from the project's folder, in its environment. Reads:
#   BACKUP_DIR        where the files go: BACKUP_DIR/<day>/<agency>.tar.gz.gpg
#   BACKUP_RECIPIENT  file with the OpenPGP public key that encrypts; the private one is kept elsewhere
#   BACKUP_KEEP_DAYS  older folders are removed (default 14)
set -euo pipefail
: "${BACKUP_DIR:?is not set}" "${BACKUP_RECIPIENT:?is not set}"
keep=${BACKUP_KEEP_DAYS:-14}
umask 077
day=$(date -u +%Y-%m-%d)
target=$BACKUP_DIR/$day
plain=$(mktemp -d)
trap 'rm -rf "$plain"' EXIT
mkdir -p "$target" "$plain/gnupg"

failed=0
slugs=$(python manage.py list_agencies)
for slug in $slugs; do
    archive=$plain/$slug.tar.gz
    if python manage.py export_agency "$slug" "$archive" &&
        gpg --homedir "$plain/gnupg" --batch --quiet --yes --trust-model always --recipient-file "$BACKUP_RECIPIENT" \
            --output "$target/.$slug.tmp" --encrypt "$archive"; then
        mv "$target/.$slug.tmp" "$target/$slug.tar.gz.gpg"
    else
        echo "$slug: the backup failed" >&2
        failed=1
    fi
    rm -f "$archive"
done

# Only whole nights make old ones go: a broken backup must not eat the good ones.
if [ "$failed" -eq 0 ]; then
    find "$BACKUP_DIR" -mindepth 1 -maxdepth 1 -type d -name '????-??-??' -mtime "+$keep" -exec rm -rf {} +
fi
exit "$failed"
