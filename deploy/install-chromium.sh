#!/bin/sh
# Makes sure that there is a Chromium for the browser tests: the system's, else apt's, else Playwright's own download.
# Usage: install-chromium.sh DIRECTORY-OF-PLAYWRIGHT
set -u

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        echo "Browser tests use $(command -v "$name")"
        exit 0
    fi
done
for folder in "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-*; do
    if [ -d "$folder" ]; then
        echo "Browser tests use Playwright's Chromium in $folder"
        exit 0
    fi
done

if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo -n"; else root="none"; fi
    if [ "$root" != none ]; then
        echo "Installing Chromium for the browser tests with apt-get"
        $root apt-get update -qq >/dev/null
        if DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends chromium >/dev/null; then
            echo "Browser tests use $(command -v chromium)"
            exit 0
        fi
        echo "apt-get has no Chromium here"
    fi
fi

echo "Downloading Chromium for the browser tests with Playwright"
if "$1/playwright" install chromium; then
    exit 0
fi
if [ -n "${CI:-}" ]; then
    echo "No Chromium can be had, and in CI the browser tests must not be skipped" >&2
    exit 1
fi
echo "No Chromium can be had here: the browser tests will be skipped, and say so"
