#!/bin/sh
# Keeps two files for the gateway, which reads them again when they change: the nodes that are ready, and the API keys.
#
#   follow.sh NAME PORT KEYS FOLDER
#
# NAME is a DNS name with the IPv4 address of each node. KEYS is copied, because the gateway refuses keys that others may
# read, and a Secret's volume is readable for the pod's group; empty, no keys are copied.
set -eu
name=$1 port=$2 keys=$3 folder=$4
umask 077
trap 'exit 0' TERM INT

# Put FILE.new in the place of FILE where they differ.
replace() {
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

touch "$folder/nodes"
while :; do
  getent ahostsv4 "$name" | sed -n "s|^\([0-9.]*\) .*|http://\1:$port|p" | sort -u > "$folder/nodes.new"
  # While no node is ready, the last ones stay: the gateway itself sees whether they answer.
  if [ -s "$folder/nodes.new" ]; then replace "$folder/nodes"; fi
  if [ -n "$keys" ]; then
    cp "$keys" "$folder/keys.json.new"
    replace "$folder/keys.json"
  fi
  sleep 2
done
