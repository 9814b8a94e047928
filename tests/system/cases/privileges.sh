# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# privileges - a daemon without any right deploys into folders of root's and reloads services by acmed-deploy: an nginx that cannot start before the
# files of two certificates are in its own folders, a service that insists on the owner and the mode of its key, a hook that hangs, an nginx
# whose configuration somebody broke. What acmed's user asks for besides is refused.
VALIDITY=3600

boot_1() {
  local nginx old
  newcomer_until_first_certificate "$VALIDITY"
  systemctl stop acmed nginx
  make_strict_service
  install -d /etc/nginx/tls /etc/nginx/second /etc/strict
  sed -i 's|/var/lib/acmed/live/example.test|/etc/nginx/tls|' /etc/nginx/conf.d/example.test.conf
  sed 's|/etc/nginx/tls|/etc/nginx/second|; s/443/8443/' /etc/nginx/conf.d/example.test.conf >/etc/nginx/conf.d/second.conf
  expect_success "nginx does not start without its files" refused systemctl start nginx
  printf '#!/bin/sh\ncat >/dev/null\nsetsid sleep 4711 &\nsleep 4711\n' >/usr/local/bin/hang
  chmod 0755 /usr/local/bin/hang
  configure ecdsa-p384
  systemctl start acmed

  expect_eventually "nginx has its copies" 30 same_files /etc/nginx/tls
  expect_eventually "and those of the other certificate, tested together" 10 test -s /etc/nginx/second/privkey.pem
  expect_success "now nginx starts" systemctl start nginx
  nginx=$(property nginx MainPID)
  expect_equal "the daemon's rights" "$(rights)" "0000000000000000 0000000000000000"
  expect_equal "nginx's key" "$(stat -c '%U %G %a' /etc/nginx/tls/privkey.pem)" "root root 640"
  expect_eventually "the strict service has its key and was reloaded" 20 test -e /run/strict/reloaded
  expect_equal "its key" "$(stat -c '%U %a' /etc/strict/privkey.pem)" "$USER_NAME 400"
  expect_eventually "the hook that hangs is told" 20 is_told 'target hanging: .*did not end within'
  # The service manager ends what is left once the helper that told it has ended.
  expect_eventually "nothing of it is left" 10 refused pgrep -f "sleep 4711"

  echo "--- a renewal"
  old=$(served -noout -serial)
  configure ecdsa-p256
  systemctl reload acmed
  expect_eventually "nginx serves it" 30 has_renewed "$old"
  expect_equal "nginx was reloaded, not restarted" "$(property nginx MainPID)" "$nginx"

  echo "--- somebody breaks nginx's configuration"
  old=$(served -noout -serial)
  echo "nonsense;" >/etc/nginx/conf.d/broken.conf
  configure rsa-2048
  systemctl reload acmed
  expect_eventually "it is told" 30 is_told 'target nginx: the test /usr/sbin/nginx exited with 1: .*nonsense'
  expect_equal "the former pair is back" "$(in_folder /etc/nginx/tls)" "$old"
  expect_equal "and served" "$(served -noout -serial)" "$old"
  expect_different "live/ has the new one" "$(in_service example.test)" "$old"
  rm /etc/nginx/conf.d/broken.conf
  systemctl reload acmed
  expect_eventually "after the mend it is deployed" 30 has_renewed "$old"
  expect_eventually "there are neither hidden names nor journals" 10 nothing_left

  echo "--- what acmed's user asks for besides"
  expect_match "a unit that is not configured" "$(ask apply nginx ',"unit":"ssh.service"')" 'does not name that unit'
  expect_match "another target" "$(ask apply ssh ',"unit":"nginx.service"')" 'no target'
  expect_match "another user" "$(runuser -u nobody -- python3 "$SOURCE/tests/lab/deploy_client.py" /run/acmed-deploy.sock -)" 'Permission denied'
  many_at_once
  many_of_one_service
  expect_success "the socket is still there" is_active acmed-deploy.socket
  expect_equal "failed units" "$(systemctl --failed --plain --no-legend | grep acmed || true)" ""
}

many_at_once() { # a thousand requests that are refused, as many at a time as the socket lets in
  local old
  runuser -u acmed -- python3 - <<'PYTHON'
import concurrent.futures
import socket

REQUEST = b'{"operation":"apply","unit":"nginx.service","subjects":[{"certificate":"example.test","target":"ssh","generation":1}]}\n'


def ask(_):
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect("/run/acmed-deploy.sock")
            connection.sendall(REQUEST)
            return b"no target" in connection.recv(65536)
        except OSError:  # too many at a time are turned away
            return False


with concurrent.futures.ThreadPoolExecutor(100) as pool:
    print(sum(pool.map(ask, range(1000))), "of 1000 requests were answered")
PYTHON
  old=$(served -noout -serial)
  configure ecdsa-p256
  systemctl reload acmed
  expect_eventually "after a thousand requests a renewal is deployed" 60 has_renewed "$old"
}

many_of_one_service() { # whose target is changed for all of them: nginx is reloaded once
  local before
  echo "--- twelve certificates of one service"
  install -d /etc/nginx/many
  configure_many 0o640
  systemctl reload acmed
  expect_eventually "all are deployed" 240 are_deployed 12
  before=$(reloads)
  configure_many 0o600
  systemctl reload acmed
  expect_eventually "all are deployed anew" 60 are_deployed 24
  expect_success "with another mode" all_have_mode 600
  expect_equal "reloads" "$(($(reloads) - before))" 1
  expect_eventually "there are neither hidden names nor journals" 10 nothing_left
}

configure_many() { # configure_many MODE
  local key_type domains count=0
  sed -i '/^\[\[certificate\]\]/,$d; /^\[\[defaults/,$d' /etc/acmed/acmed.toml
  {
    printf '[[defaults.deploy]]\nname = "many"\ndirectory = "/etc/nginx/many"\nfiles = { combined = "{name}.pem" }\n'
    printf 'mode = %s\nreload = ["nginx.service"]\n\n' "$1"
    # BIND lets acmed prove one name, so they differ in their keys.
    for key_type in ecdsa-p256 ecdsa-p384 rsa-2048 rsa-3072; do
      for domains in '"example.test"' '"*.example.test"' '"example.test", "*.example.test"'; do
        printf '[[certificate]]\nname = "many%s"\ndomains = [%s]\nkey_type = "%s"\n\n' "$((++count))" "$domains" "$key_type"
      done
    done
  } >>/etc/acmed/acmed.toml
}
all_have_mode() { [[ $(find /etc/nginx/many -name '*.pem' -perm "$1" | wc -l) == 12 ]]; }
reloads() { journalctl --unit nginx --no-pager --output cat | grep -c '^Reloaded nginx' || true; }
are_deployed() { [[ $(journalctl --unit acmed --no-pager --output cat | grep -cE '^many[0-9]+: deployed to many') == "$1" ]]; }

configure() { # configure KEY_TYPE: another one makes the certificate due
  sed -i '/^\[\[certificate\]\]/,$d' /etc/acmed/acmed.toml
  cat >>/etc/acmed/acmed.toml <<TOML
[[certificate]]
domains = ["example.test", "*.example.test"]
key_type = "$1"

  [[certificate.deploy]]
  name = "nginx"
  directory = "/etc/nginx/tls"
  test = ["/usr/sbin/nginx", "-t"]
  reload = ["nginx.service"]

  [[certificate.deploy]]
  name = "strict"
  directory = "/etc/strict"
  owner = "$USER_NAME"
  mode = 0o400
  reload = ["strict.service"]

  [[certificate.deploy]]
  name = "hanging"
  post_hook = ["/usr/local/bin/hang"]
  timeout = "2s"

[[certificate]]
name = "second"
domains = ["*.example.test"]

  [[certificate.deploy]]
  name = "nginx"
  directory = "/etc/nginx/second"
  test = ["/usr/sbin/nginx", "-t"]
  reload = ["nginx.service"]
TOML
}

make_strict_service() { # as PostgreSQL is: nobody but itself may have its key
  cat >/etc/systemd/system/strict.service <<UNIT
[Service]
User=$USER_NAME
RuntimeDirectory=strict
ExecStart=/bin/sleep infinity
ExecReload=/bin/sh -c 'test "\$(stat -c %%U:%%a /etc/strict/privkey.pem)" = $USER_NAME:400 && touch /run/strict/reloaded'
UNIT
  systemctl daemon-reload
  systemctl start strict
}

rights() { # effective and bounding set of the daemon
  awk '/^Cap(Eff|Bnd)/ { print $2 }' "/proc/$(property acmed MainPID)/status" | paste -sd ' '
}
same_files() { # same_files FOLDER: it has the pair in service
  cmp -s "$1/privkey.pem" /var/lib/acmed/live/example.test/privkey.pem && cmp -s "$1/fullchain.pem" /var/lib/acmed/live/example.test/fullchain.pem
}
nothing_left() { [[ $(find /etc/nginx /etc/strict -name '.acmed-*'; ls /var/lib/acmed-deploy) == lock ]]; }
in_folder() { openssl x509 -noout -serial -in "$1/fullchain.pem"; }
is_told() { journalctl --unit acmed --no-pager --output cat | tail -n 40 | grep -qE "$1"; }
ask() { # ask OPERATION TARGET [MORE MEMBERS]: as acmed's user
  runuser -u acmed -- python3 "$SOURCE/tests/lab/deploy_client.py" /run/acmed-deploy.sock \
    "{\"operation\":\"$1\",\"subjects\":[{\"certificate\":\"example.test\",\"target\":\"$2\",\"generation\":1}]${3:-}}"
}
