#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Servers that go on in TLS when they are asked to: starttls_server.py CERTIFICATE KEY PROTOCOL:PORT...

PROTOCOL is smtp, imap, pop3, ldap or postgres. Each connection is served with the files as they are then.
"""
import socket
import ssl
import sys
import threading

GREETING = {"smtp": b"220-mail.test\r\n220 ESMTP\r\n", "imap": b"* OK ready\r\n", "pop3": b"+OK ready\r\n"}
LDAP_SUCCESS = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"


def line_of(connection):
    line = b""
    while not line.endswith(b"\n"):
        octet = connection.recv(1)
        if not octet:
            raise ConnectionError("the client has gone")
        line += octet
    return line.strip()


def before_tls(connection, protocol):
    """The dialogue up to the moment at which TLS begins."""
    connection.sendall(GREETING.get(protocol, b""))
    if protocol == "smtp":
        assert line_of(connection).startswith(b"EHLO ")
        connection.sendall(b"250-mail.test\r\n250 STARTTLS\r\n")
        assert line_of(connection) == b"STARTTLS"
        connection.sendall(b"220 go ahead\r\n")
    elif protocol == "imap":
        tag, command = line_of(connection).split()
        assert command == b"STARTTLS"
        connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK begin\r\n")
    elif protocol == "pop3":
        assert line_of(connection) == b"STLS"
        connection.sendall(b"+OK begin\r\n")
    elif protocol == "ldap":
        assert b"1.3.6.1.4.1.1466.20037" in connection.recv(100)
        connection.sendall(LDAP_SUCCESS)
    else:
        assert connection.recv(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
        connection.sendall(b"S")


def serve(connection, protocol, certificate, key):
    try:
        connection.settimeout(10)
        before_tls(connection, protocol)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.wrap_socket(connection, server_side=True).close()
    except (OSError, AssertionError, ValueError) as error:
        print(f"{protocol}: {error!r}", file=sys.stderr)
    finally:
        connection.close()


def listen(protocol, port, certificate, key):
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, protocol, certificate, key), daemon=True).start()


def main():
    certificate, key, *services = sys.argv[1:]
    threads = [threading.Thread(target=listen, args=(*service.split(":"), certificate, key)) for service in services]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main()
