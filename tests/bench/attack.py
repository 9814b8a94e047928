#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""attack.py SERVER

Attacks a responder on loopback that serves bench.test and limits the answers to a network, and prints what honest clients
get meanwhile: by TCP, at the end of a line of 150 ms, beside one address that opens 1,000 connections a second; and by UDP
with and without a DNS cookie, from a network in whose name others forge some 100,000 questions a second.
"""
import multiprocessing
import os
import socket
import struct
import sys
import time

RESOLVER, FORGER, GREEDY, HONEST = "127.0.7.1", "127.0.7.2", "127.0.9.1", "127.0.8.1"
LINE = 0.15
COOKIE = 10


def question(cookie=None):
    name = b"".join(bytes([len(label)]) + label for label in b"_acme-challenge.h1.bench.test".split(b".")) + b"\0"
    option = struct.pack(">HH", COOKIE, len(cookie)) + cookie if cookie else b""
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, len(option)) + option
    return os.urandom(2) + struct.pack(">HHHHH", 0, 1, 0, 0, 1) + name + struct.pack(">HH", 16, 1) + opt


def is_whole(answer):
    return len(answer) > 12 and not answer[2] & 2 and struct.unpack(">H", answer[6:8])[0] > 0


def udp(server, address):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind((address, 0))
    client.connect((server, 53))
    client.settimeout(0.5)
    return client


def ask(client, message):
    client.send(message)
    try:
        while True:
            answer = client.recv(65535)
            if answer[:2] == message[:2]:
                return answer
    except TimeoutError:
        return b""


def forge(server, sent):
    client = udp(server, FORGER)
    client.setblocking(False)
    message = question()
    while True:
        for _ in range(1000):
            try:
                client.send(message)
            except OSError:
                pass
        with sent.get_lock():
            sent.value += 1000


def churn(server, opened):
    kept = []
    begin = time.monotonic()
    while True:
        client = socket.socket()
        client.bind((GREEDY, 0))
        client.setblocking(False)
        client.connect_ex((server, 53))
        kept.append(client)
        if len(kept) > 500:
            kept.pop(0).close()
        with opened.get_lock():
            opened.value += 1
        ahead = begin + opened.value / 1000 - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)


def beside(attack, server, work):
    count = multiprocessing.Value("q", 0)
    attacker = multiprocessing.Process(target=attack, args=(server, count), daemon=True)
    attacker.start()
    time.sleep(1)
    begin, before = time.monotonic(), count.value
    result = work()
    rate = (count.value - before) / (time.monotonic() - begin)
    attacker.kill()
    attacker.join()
    return result, rate


def late_question(server):
    try:
        with socket.socket() as client:
            client.settimeout(2)
            client.bind((HONEST, 0))
            client.connect((server, 53))
            time.sleep(LINE)
            message = question()
            client.sendall(struct.pack(">H", len(message)) + message)
            return is_whole(client.recv(65535)[2:])
    except OSError:
        return False


def main():
    server = sys.argv[1]
    served, rate = beside(churn, server, lambda: sum(late_question(server) for _ in range(30)))
    print(f"TCP beside {rate:.0f} new connections/s of one address: {served} of 30 answered")
    resolver = udp(server, RESOLVER)
    shown = ask(resolver, question(os.urandom(8)))[-24:]
    for what, cookie in (("a good cookie", shown), ("no cookie", None)):
        served, rate = beside(forge, server, lambda cookie=cookie: sum(is_whole(ask(resolver, question(cookie)))
                                                                       for _ in range(100)))
        print(f"UDP with {what} beside {rate:.0f} forged questions/s of its network: {served} of 100 answered whole")


main()
