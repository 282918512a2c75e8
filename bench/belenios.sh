#!/bin/sh
# Processor time a ballot of Belenios' own tool, beside bench_ballots: an election of 11 answers, of which one is chosen, in its group
# BELENIOS-2048, the one that all of its elections used until 2.x. Verified twice, with no ballot and with all, so that
# what the election itself costs is not counted.
#   bench/belenios.sh [BALLOTS]
set -eu
ballots=${1:-20}
command -v belenios-tool >/dev/null || { echo "Belenios: belenios-tool is not installed (Debian's package of that name), left out."; exit 0; }
export BELENIOS_USE_URANDOM=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Processor seconds of a command, user and system.
seconds() {
  /bin/bash -c 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>&1; } 2>&1' - "$@" | awk '{print $1 + $2}'
}

uuid=$(belenios-tool setup generate-token)
seq -f 'voter%g@example.com' "$ballots" >voters.txt
belenios-tool setup generate-credentials --uuid "$uuid" --group BELENIOS-2048 --file voters.txt >/dev/null 2>&1
mv ./*.pubcreds public_creds.json
mv ./*.privcreds private_creds.txt
belenios-tool setup generate-trustee-key --group BELENIOS-2048 >/dev/null 2>&1
cat ./*.pubkey >public_keys.jsons
belenios-tool setup make-trustees >/dev/null 2>&1
cat >questions.json <<EOF
{"description":"","name":"Bench","questions":[{"answers":["1","2","3","4","5","6","7","8","9","10","11"],"min":1,"max":1,"question":"?"}]}
EOF
belenios-tool setup make-election --uuid "$uuid" --group BELENIOS-2048 --template questions.json >/dev/null 2>&1
belenios-tool archive init >/dev/null 2>&1

empty=$(seconds belenios-tool election verify)
echo '[[0,0,0,1,0,0,0,0,0,0,0]]' >vote.json
making=0
while read -r _ credential; do
  echo "$credential" >credential.txt
  spent=$(seconds belenios-tool election generate-ballot --privcred credential.txt --ballot vote.json)
  making=$(echo "$making $spent" | awk '{print $1 + $2}')
  belenios-tool election generate-ballot --privcred credential.txt --ballot vote.json 2>/dev/null >ballot.json
  belenios-tool archive add-event --type=Ballot <ballot.json >/dev/null 2>&1
done <private_creds.txt
belenios-tool election verify >/dev/null 2>&1 || { echo "Belenios: its own ballots do not verify" >&2; exit 1; }
full=$(seconds belenios-tool election verify)

echo "$empty $full $making $ballots $(wc -c <ballot.json)" | awk -v version="$(belenios-tool --version)" '{
  printf "Belenios %s, %d ballots of 11 answers: %.1f ms to verify one, %.0f ms to make one (a run of the tool each), %d bytes\n",
    version, $4, 1000 * ($2 - $1) / $4, 1000 * $3 / $4, $5 }'
