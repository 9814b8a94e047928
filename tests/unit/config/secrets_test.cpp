// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/runtime/scope.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {
namespace {

using Catch::Contains;

constexpr const char* good_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
constexpr const char* key_octets = "01234567890123456789012345678901";

/// A file with one provider whose `tsig` is the given text, on line 2.
std::string with_tsig(const std::string& tsig) {
  return "[provider.bind]\ntsig = " + tsig +
         "\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\nzones = [\"corp.example\"]\n";
}

std::string with_secret(const std::string& secret) {
  return with_tsig("{ name = \"acmed.\", secret = " + secret + " }");
}

Tsig tsig_of(const Config& config) {
  REQUIRE(config.providers.size() == 1);
  REQUIRE(std::get<Rfc2136>(config.providers[0].settings).tsig);
  return *std::get<Rfc2136>(config.providers[0].settings).tsig;
}

}  // namespace

SCENARIO("a secret comes from one of four sources") {
  const Folder folder;
  folder.write("key", std::string(good_key) + "\n", 0640);
  ::setenv("CREDENTIALS_DIRECTORY", folder.path("").c_str(), 1);
  ::setenv("ACMED_TEST_KEY", good_key, 1);
  for (const auto& source : {"\"" + std::string(good_key) + "\"", std::string("{ file = \"key\" }"),
                             std::string("{ credential = \"key\" }"), std::string("{ env = \"ACMED_TEST_KEY\" }")}) {
    INFO(source);
    CHECK(tsig_of(folder.load(with_secret(source))).secret.latest().reveal() == key_octets);
  }

  THEN("what is wrong with a source is said without the secret") {
    folder.write("open", good_key, 0644);
    folder.write("empty", "");
    folder.write("newline", "\n");
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"{ file = \"none\" }", "acmed.toml:2:45: provider.bind.tsig.secret.file: there is no such file"},
        {"{ file = \"keys/none\" }", "acmed.toml:2:45: provider.bind.tsig.secret.file: there is no file keys/none"},
        {"{ file = \"open\" }",
         "acmed.toml:2:45: provider.bind.tsig.secret.file: open is open to every user of this "
         "host (mode 0644); run: chmod o= open"},
        {"{ file = \"empty\" }", "empty is empty"},
        {"{ file = \"newline\" }", "newline is empty"},
        {"{ file = \".\" }", "is no regular file"},
        {"{ fil = \"key\" }", "provider.bind.tsig.secret.fil: there is no such key; did you mean file?"},
        {"{ file = \"key\", env = \"X\" }", "provider.bind.tsig.secret: a secret has one source: \"text\", { file = "},
        {"{}", "provider.bind.tsig.secret: a secret has one source"},
        {"{ credential = \"none\" }", "there is no credential \"none\"; add LoadCredential=none:PATH to the unit"},
        {"{ credential = \"" + std::string(300, 'x') + "\" }", "File name too long"},
        {"{ credential = \"../key\" }", "this is no name of a credential"},
        {"{ env = \"ACMED_TEST_NONE\" }", "the environment has no variable ACMED_TEST_NONE"},
        {"\"\"", "provider.bind.tsig.secret: the secret is empty"},
        {"12",
         "provider.bind.tsig.secret: an integer was found, \"text\", { file = \"PATH\" }, { credential = \"NAME\" } or "
         "{ "
         "env = \"VARIABLE\" } is wanted"},
    };
    for (const auto& [source, expected] : cases) {
      INFO(source);
      const auto faults = folder.faults(with_secret(source));
      CHECK_THAT(faults, Contains(expected));
      CHECK_THAT(faults, !Contains(good_key));
    }
  }
  THEN("without systemd's folder a credential is refused") {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK_THAT(folder.faults(with_secret("{ credential = \"key\" }")),
               Contains("$CREDENTIALS_DIRECTORY is not set; systemd sets it for a unit with LoadCredential=key:PATH"));
  }
  THEN("a secret in a configuration that all can read is refused") {
    folder.write("open.toml", with_secret("\"" + std::string(good_key) + "\""), 0644);
    CHECK_THROWS_WITH(load(folder.path("open.toml")), Contains("the secret stands in a file that is open to every user "
                                                               "of this host; run: chmod o= "));
  }
  if (::geteuid() != 0) {
    THEN("a file that we may not read is refused") {
      folder.write("closed", good_key, 0);
      CHECK_THAT(folder.faults(with_secret("{ file = \"closed\" }")),
                 Contains("cannot read closed: Permission denied"));
    }
  }
}

SCENARIO("blanks and line ends around a secret are not part of it, and nothing else that cannot be seen may be in it") {
  const Folder folder;
  const auto password = [&](const std::string& content) {
    folder.write("secret", content);
    const auto config = folder.load(
        "[provider.x]\ntype = \"powerdns\"\nurl = \"http://127.0.0.1\"\nzones = [\"corp.example\"]\n"
        "api_key = { file = \"secret\" }\n");
    return std::get<PowerDns>(config.providers.at(0).settings).api_key.latest().reveal();
  };
  for (const auto* content : {"a key", "a key\n", "a key\r\n", " \ta key \n\n",
                              "\xef\xbb\xbf"
                              "a key\r\n"}) {
    INFO(content);
    CHECK(password(content) == "a key");
  }
  const std::vector<std::pair<std::string, std::string>> cases = {
      {" \r\n", "secret is empty"},
      {"one\ntwo\n", "secret has more than one line; a secret is one line"},
      {"o\x1bne", "secret has a control character (0x1b) as its octet 2"},
      {std::string("o\0ne", 4), "secret has a control character (0x00) as its octet 2"},
      {"one\x7f", "secret has a control character (0x7f) as its octet 4"}};
  for (const auto& [content, expected] : cases) {
    INFO(expected);
    CHECK_THROWS_WITH(password(content), Contains(expected));
  }
  CHECK_THAT(folder.faults("[provider.x]\ntype = \"powerdns\"\nurl = \"http://127.0.0.1\"\nzones = [\"corp.example\"]\n"
                           "api_key = \"a\\u0007b\"\n"),
             Contains("provider.x.api_key: the secret has a control character (0x07) as its octet 2"));
}

SCENARIO("a secret's file may change under a running daemon") {
  const Folder folder;
  Loop loop;
  const std::string other_key = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGk=";
  const auto now = [&](const SecretSource& secret) { return run(loop, secret.current()).reveal(); };
  WHEN("it is a TSIG key") {
    folder.write("key", good_key);
    const auto key = tsig_of(folder.load(with_secret("{ file = \"key\" }"))).secret;
    folder.write("key", other_key + "\r\n");
    CHECK(now(key) == "abcdefghijklmnopqrstuvwxyzabcdefghi");
    folder.write("key", "no base64!");
    CHECK(now(key) == "abcdefghijklmnopqrstuvwxyzabcdefghi");
  }
  WHEN("it is tsig-keygen's file") {
    const auto block = [](const std::string& name, const std::string& key) {
      return "key \"" + name + "\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + key + "\";\n};\n";
    };
    folder.write("key", block("acmed", good_key));
    const auto key = tsig_of(folder.load(with_tsig("{ secret = { file = \"key\" } }"))).secret;
    folder.write("key", block("acmed", other_key));
    CHECK(now(key) == "abcdefghijklmnopqrstuvwxyzabcdefghi");
    THEN("another name in it takes a reload") {
      folder.write("key", block("another", good_key));
      CHECK(now(key) == "abcdefghijklmnopqrstuvwxyzabcdefghi");
    }
  }
  WHEN("it is the key of an external account") {
    folder.write("key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\n");
    const auto config = folder.load(
        "[ca.x]\ndirectory = \"https://ca.example/\"\nterms_agreed = true\neab = { kid = \"k\", hmac_key = { file = "
        "\"key\" } }\n");
    const auto key = config.cas.at("x").external_account->hmac_key;
    CHECK(now(key) == key_octets);
    folder.write("key", other_key);
    CHECK(now(key) == "abcdefghijklmnopqrstuvwxyzabcdefghi");
  }
  WHEN("it is a credential") {
    folder.write("key", good_key);
    ::setenv("CREDENTIALS_DIRECTORY", folder.path("").c_str(), 1);
    const auto key = tsig_of(folder.load(with_secret("{ credential = \"key\" }"))).secret;
    folder.write("key", other_key);
    CHECK(now(key) == "abcdefghijklmnopqrstuvwxyzabcdefghi");
  }
}

SCENARIO("a secret in the wrong place is not repeated") {
  const Folder folder;
  const std::string slashed = "Vv/tJ3VJQ2yr1pYQ7Qx6S/8mKfZ0a9bXcdEeFf1234";
  for (const auto& key : {std::string(good_key), slashed, "/" + slashed, "hmac-sha384:acmed:" + slashed,
                          "key \\\"acmed\\\" { secret " + slashed + "; };", std::string("1234567890123456")}) {
    INFO(key);
    const auto text = "\"" + key + "\"";
    const auto part = key.substr(key.size() / 2);
    std::vector<std::string> sources = {with_tsig(text), with_tsig("[" + text + "]"),
                                        with_tsig("{ name = \"acmed.\", secret = [" + text + "] }"),
                                        "[ca.x]\neab = " + text + "\n"};
    for (const std::string source : {"file", "env", "credential"}) {
      sources.push_back(with_secret("{ " + source + " = " + text + " }"));
    }
    if (key.size() > 16) sources.push_back(with_tsig("{ name = " + text + ", secret = \"acmed\" }"));
    if (key.size() == 16) sources.erase(std::prev(sources.end()));
    if (key.size() == 16) sources.push_back(with_secret(key));
    if (key.size() == 16) sources.push_back(with_secret("{ file = " + key + " }"));
    if (key.size() == 16) sources.push_back("[ca.x]\neab = " + key + "\n");
    for (const auto& source : sources) {
      INFO(source);
      const auto faults = folder.faults(source);
      CHECK(faults != "none");
      CHECK_THAT(faults, !Contains(part));
    }
  }
}

SCENARIO("a TSIG key is checked") {
  const Folder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{ name = \"k\", secret = \"!\" }", "provider.bind.tsig.secret: the key is not base64"},
      {"{ name = \"k\", secret = \"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5-_E=\" }",
       "the key is in base64url; a TSIG key is standard base64, with + and /"},
      {"{ name = \"k\", secret = \"MDEyMw==\" }",
       "the key has 4 octets, at least 16 are wanted; make one with tsig-keygen"},
      {"{ name = \"k\" }", "provider.bind.tsig.secret: is missing"},
      {"{ secret = \"" + std::string(good_key) + "\" }", "provider.bind.tsig.name: is missing"},
      {"{ name = \"k..k\", secret = \"" + std::string(good_key) + "\" }", "has an empty label"},
      {"{ name = \"k\", algorithm = \"hmac-sha265\", secret = \"" + std::string(good_key) + "\" }",
       "provider.bind.tsig.algorithm: \"hmac-sha265\" is not one of hmac-sha1, hmac-sha224, hmac-sha256, "
       "hmac-sha384 or hmac-sha512; did you mean hmac-sha256?"},
      {"{ name = \"k\", algorithm = \"HMAC_MD5\", secret = \"" + std::string(good_key) + "\" }",
       "provider.bind.tsig.algorithm: \"HMAC_MD5\" must not be used any more (RFC 8945 §6): make a new key with "
       "tsig-keygen -a hmac-sha256"},
      {"{ name = \"k\", algo = \"x\", secret = \"" + std::string(good_key) + "\" }",
       "provider.bind.tsig.algo: there is no such key"},
      {"\"key\"", "provider.bind.tsig: a string was found, a table is wanted"},
  };
  for (const auto& [tsig, expected] : cases) {
    INFO(tsig);
    CHECK_THAT(folder.faults(with_tsig(tsig)), Contains(expected));
  }
}

SCENARIO("tsig-keygen's file may be given as it is") {
  const Folder folder;
  const auto block = [](const std::string& algorithm) {
    return "# made by hand\nkey \"ACMED.\" {\n\talgorithm " + algorithm + "; // which\n\tsecret \"" + good_key +
           "\";\n}; /* end */\n";
  };
  folder.write("key", block("hmac-sha384"));
  WHEN("the configuration has nothing but the file") {
    const auto key = tsig_of(folder.load(with_tsig("{ secret = { file = \"key\" } }")));
    THEN("name and algorithm are the file's") {
      CHECK(key.name == "acmed");
      CHECK(key.algorithm == crypto::Digest::sha384);
      CHECK(key.secret.latest().reveal() == key_octets);
    }
  }
  WHEN("the algorithm is spelled in another way that BIND takes") {
    const std::vector<std::pair<std::string, crypto::Digest>> spellings = {{"HMAC-SHA256", crypto::Digest::sha256},
                                                                           {"hmac-sha512.", crypto::Digest::sha512},
                                                                           {"HMAC_SHA1", crypto::Digest::sha1},
                                                                           {"hmacsha224", crypto::Digest::sha224},
                                                                           {"sha384", crypto::Digest::sha384}};
    for (const auto& [spelling, digest] : spellings) {
      INFO(spelling);
      folder.write("key", block(spelling));
      CHECK(tsig_of(folder.load(with_tsig("{ secret = { file = \"key\" } }"))).algorithm == digest);
      const auto inside = "{ name = \"k\", algorithm = \"" + spelling + "\", secret = \"" + good_key + "\" }";
      CHECK(tsig_of(folder.load(with_tsig(inside))).algorithm == digest);
    }
    for (const std::string old : {"hmac-md5.sig-alg.reg.int", "HMAC-MD5.SIG-ALG.REG.INT.", "md5"}) {
      folder.write("key", block(old));
      CHECK_THAT(folder.faults(with_tsig("{ secret = { file = \"key\" } }")), Contains("must not be used any more"));
    }
  }
  WHEN("the configuration says the same") {
    const auto key =
        tsig_of(folder.load(with_tsig(R"({ name = "acmed", algorithm = "hmac-sha384", secret = { file = "key" } })")));
    THEN("all is well") {
      CHECK(key.name == "acmed");
    }
  }
  WHEN("the configuration says something else") {
    const auto faults =
        folder.faults(with_tsig(R"({ name = "other", algorithm = "hmac-sha256", secret = { file = "key" } })"));
    THEN("both differences are named") {
      CHECK_THAT(faults, Contains("provider.bind.tsig.name: \"other\" was found, but the key file names the key "
                                  "\"ACMED.\"; leave it out here"));
      CHECK_THAT(faults, Contains("provider.bind.tsig.algorithm: the key file has hmac-sha384; leave it out here"));
    }
  }
  WHEN("the file is not as tsig-keygen writes it") {
    for (const auto& text :
         {std::string("key x { secret \"" + std::string(good_key) + "\"; };"),
          std::string("key { algorithm hmac-sha256; };"), std::string("key x { algorithm"),
          std::string("key x { algorithm; };"), block("hmac-sha256") + block("hmac-sha256"),
          std::string("zone \"x\" { type primary; };"), std::string("{"), std::string("key x { /* }")}) {
      INFO(text);
      folder.write("key", text);
      const auto faults = folder.faults(with_tsig("{ secret = { file = \"key\" } }"));
      // The form is told, the content is not.
      CHECK_THAT(faults, Contains("a key file holds one block: key \"NAME\" { algorithm"));
      CHECK_THAT(faults, !Contains(good_key));
    }
    folder.write("key", block("hmac-sha3"));
    CHECK_THAT(folder.faults(with_tsig("{ secret = { file = \"key\" } }")),
               Contains("in the key file, the algorithm \"hmac-sha3\" is not one of"));
  }
}

}  // namespace acmed::config
