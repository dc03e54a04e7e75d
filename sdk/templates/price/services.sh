# SPDX-License-Identifier: MIT
# For devnet.sh: a server that answers with a rate, by python3.
mkdir "$state/rates"
echo '{"usd": 2500.25}' >"$state/rates/rate.json"
mkfifo "$state/rates-ready"
python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$state/rates" >"$state/rates-ready" 2>"$state/rates.log" &
started="$started $!"
# "Serving HTTP on 127.0.0.1 port 41234 ..."
read -r _ _ _ _ _ port _ <"$state/rates-ready" || { cat "$state/rates.log" >&2; exit 1; }
RATE_URL=http://127.0.0.1:$port/rate.json
export RATE_URL
