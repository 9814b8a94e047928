#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Uses Route 53 by boto3 as its manual says, and says what is not as with AWS.

usage: boto3_route53.py ZONE ZONE_ID

AWS' own addresses are used, and credentials from the environment.
"""
import sys

import boto3
import botocore.config
import botocore.exceptions

ZONE, ZONE_ID = sys.argv[1:]
NAME = f"_acme-challenge.boto.{ZONE}."
once = botocore.config.Config(retries={"max_attempts": 0})
route53 = boto3.client("route53", config=once)


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} instead of {wanted!r}")


def change(*changes):
    return route53.change_resource_record_sets(HostedZoneId=ZONE_ID, ChangeBatch={"Changes": [
        {"Action": action, "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [
            {"Value": value} for value in values]}} for action, name, kind, ttl, values in changes]})


def refused(code, words, call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except botocore.exceptions.ClientError as error:
        expect("code", error.response["Error"]["Code"], code)
        if words not in error.response["Error"]["Message"]:
            sys.exit(f"{error.response['Error']['Message']} does not say: {words}")
        return
    sys.exit(f"{code} was expected, but the call succeeded")


def texts():
    found = route53.list_resource_record_sets(HostedZoneId=ZONE_ID, StartRecordName=NAME, StartRecordType="TXT", MaxItems="1")
    return [record["Value"] for one in found["ResourceRecordSets"] if (one["Name"], one["Type"]) == (NAME, "TXT")
            for record in one["ResourceRecords"]]


zones = [zone for page in route53.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 1})
         for zone in page["HostedZones"]]
expect("zones", sorted(zone["Id"] for zone in zones if zone["Name"] == ZONE + "." and not zone["Config"]["PrivateZone"]),
       ["/hostedzone/Z1LEFTOVER", "/hostedzone/Z2DELEGATED"])
expect("zones by name", route53.list_hosted_zones_by_name(DNSName=ZONE, MaxItems="1")["HostedZones"][0]["Name"], ZONE + ".")

made = change(("CREATE", NAME, "TXT", 60, ['"one"', '"t\\167o"']))["ChangeInfo"]
expect("status", made["Status"], "PENDING")
route53.get_waiter("resource_record_sets_changed").wait(Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 10})
expect("values", texts(), ['"one"', '"t\\167o"'])
change(("UPSERT", NAME, "TXT", 300, ['"three"']), ("CREATE", f"*.{ZONE}", "A", 60, ["192.0.2.1"]))
listed = [one["Name"] for page in route53.get_paginator("list_resource_record_sets").paginate(
    HostedZoneId=ZONE_ID, PaginationConfig={"PageSize": 1}) for one in page["ResourceRecordSets"]]
expect("sets in their order", listed, [f"{ZONE}.", f"{ZONE}.", f"\\052.{ZONE}.", NAME])

refused("InvalidChangeBatch", "but it already exists", change, ("CREATE", NAME, "TXT", 300, ['"three"']))
refused("InvalidChangeBatch", "do not match the current values", change, ("DELETE", NAME, "TXT", 60, ['"three"']))
refused("InvalidChangeBatch", "but it was not found", change, ("DELETE", f"none.{ZONE}", "TXT", 60, ['"three"']),
        ("DELETE", NAME, "TXT", 300, ['"three"']))
refused("InvalidChangeBatch", "conflicting RRSet of type  TXT", change, ("CREATE", NAME, "CNAME", 60, ["elsewhere.test"]))
refused("InvalidChangeBatch", "enclosed in quotation marks", change, ("UPSERT", NAME, "TXT", 300, ["bare"]))
refused("InvalidChangeBatch", "is not permitted in zone", change, ("CREATE", "elsewhere.invalid", "TXT", 300, ['"x"']))
refused("InvalidChangeBatch", "limit of 1000", change, ("UPSERT", NAME, "TXT", 300, [f'"{i}"' for i in range(501)]))
expect("what is there after all that", texts(), ['"three"'])
change(("DELETE", NAME, "TXT", 300, ['"three"']), ("DELETE", f"*.{ZONE}", "A", 60, ["192.0.2.1"]))
expect("what is left", texts(), [])

refused("NoSuchHostedZone", "Z404", route53.list_resource_record_sets, HostedZoneId="Z404")
refused("NoSuchChange", "", route53.get_change, Id="C404")
wrong = boto3.client("route53", config=once, aws_secret_access_key="wrong", aws_access_key_id="AKIACLIENT")
refused("SignatureDoesNotMatch", "signature we calculated", wrong.list_hosted_zones)
stranger = boto3.client("route53", config=once, aws_secret_access_key="wrong", aws_access_key_id="AKIASTRANGER")
refused("InvalidClientTokenId", "security token included in the request is invalid", stranger.list_hosted_zones)
narrow = boto3.client("route53", config=once, aws_secret_access_key="narrow", aws_access_key_id="AKIANARROW")
refused("AccessDenied", "not authorized to perform: route53:ListHostedZones", narrow.list_hosted_zones)

sts = boto3.client("sts", region_name="us-east-1", config=once)
given = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/dns", RoleSessionName="boto", ExternalId="x 1")["Credentials"]
session = boto3.client("route53", config=once, aws_access_key_id=given["AccessKeyId"],
                       aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"])
expect("zones by the role", len(session.list_hosted_zones()["HostedZones"]), 4)
refused("AccessDenied", "sts:AssumeRole", sts.assume_role, RoleArn="arn:aws:iam::123456789012:role/dns", RoleSessionName="boto")
print("all as with AWS")
