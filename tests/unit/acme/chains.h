// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// A leaf for a.example and its intermediate, which two roots have signed. They are valid for a hundred years.
namespace acmed::test {

inline const std::string leaf = R"(-----BEGIN CERTIFICATE-----
MIIBhDCCASugAwIBAgIUGWQg9Mv2mMPl6mHmwqMplqJ6pwUwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFSW50ZXIwIBcNMjYxMTIyMTAyMDQ0WhgPMjEyNjEwMjkxMDIw
NDRaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQG13XuJuXgBNMqmR9EGtAN
z92SySDj5sZKVp6+YfEIncOre+2ksLbAtWBeN7Rmh5g1jkjyDyj+oFvQrbD5hIh+
o3EwbzAUBgNVHREEDTALgglhLmV4YW1wbGUwHQYDVR0OBBYEFEgXZCpGiWKMqRC0
/+X+sjnDRRP8MDgGA1UdIwQxMC+hF6QVMBMxETAPBgNVBAMMCFJvb3QgT25lghQ+
Z0SjI84+oUknqmxQtpO8s/oQ/zAKBggqhkjOPQQDAgNHADBEAiAlAXxTKz9S7M3h
LU96SzD6coTfeXlEc0NXjgQD+eYxJAIgY5JHdcc2oYnCgYMJMhcfcmX5XWtX/6b7
Bd5RVcGcOEA=
-----END CERTIFICATE-----
)";

inline const std::string chain_of_root_one = leaf + R"(-----BEGIN CERTIFICATE-----
MIIBHjCBxgIUPmdEoyPOPqFJJ6psULaTvLP6EP8wCgYIKoZIzj0EAwIwEzERMA8G
A1UEAwwIUm9vdCBPbmUwIBcNMjYxMTIyMTAyMDQ0WhgPMjEyNjEwMjkxMDIwNDRa
MBAxDjAMBgNVBAMMBUludGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb2ZB
pNekdnJu5rxv3Golx4UDJArMorlpyMToLt60i4je2G+3yPlmyhyaSzGiiKn4o32q
oxLsZUtSYLV+oBx83TAKBggqhkjOPQQDAgNHADBEAiAZJHTbJ+qds6j1IMqPWGw1
GuSk656ew08glocNy+lD6QIgGNRnFL23W+gxFAoV6jjnfnxcIVY/dQYbarE2taAp
F08=
-----END CERTIFICATE-----
)";

inline const std::string chain_of_root_two = leaf + R"(-----BEGIN CERTIFICATE-----
MIIBIDCBxgIUF5a90Qus6h5ZM3zUvwp3GOQmMCIwCgYIKoZIzj0EAwIwEzERMA8G
A1UEAwwIUm9vdCBUd28wIBcNMjYxMTIyMTAyMDQ0WhgPMjEyNjEwMjkxMDIwNDRa
MBAxDjAMBgNVBAMMBUludGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb2ZB
pNekdnJu5rxv3Golx4UDJArMorlpyMToLt60i4je2G+3yPlmyhyaSzGiiKn4o32q
oxLsZUtSYLV+oBx83TAKBggqhkjOPQQDAgNJADBGAiEAxhZrl9QNMPJQRwlpQT8X
hS9LNfY683nY90oxSsBVM4UCIQCCjZ1y69RGdmxWt4djVy34eGz0gusH1l+nis6R
8VYeWw==
-----END CERTIFICATE-----
)";

}  // namespace acmed::test
