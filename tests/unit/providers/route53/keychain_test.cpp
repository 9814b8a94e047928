// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/keychain.h"

#include "base/files.h"
#include "providers/route53/container.h"
#include "providers/route53/credential_process.h"
#include "providers/route53/profile_files.h"
#include "tests/unit/catch.h"
#include "tests/unit/config/folder.h"
#include "tests/unit/providers/route53/scene.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;
using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;
using test::FakeHttp;

namespace {

/// STS, the metadata service and the container's endpoint, all at one URL.
struct CredentialScene : Scene {
  config::Folder folder;
  int given = 0;           ///< how many credentials were handed out
  Duration lifetime = 1h;  ///< of those
  std::string role = "r";  ///< of the instance; empty for none
  std::string fault;       ///< the code with which STS refuses
  FakeHttp places{[this](const FakeHttp::Request& request) { return respond(request); }};
  http::Client http{loop, {"acmed-test", {}, true}};

  CredentialScene() {
    settings.key.reset();
    settings.sts_url = places.url();
    variables.erase("AWS_EC2_METADATA_DISABLED");
    variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = places.url() + "/";
  }

  FakeHttp::Answer respond(const FakeHttp::Request& request) {
    if (request.method == "POST") return respond_as_sts(request);
    if (request.path == "/latest/api/token") return {200, "metadata-token", {}};
    if (request.path.starts_with("/latest/")) {
      const auto token = request.headers.find("x-aws-ec2-metadata-token");
      if (token == request.headers.end() || token->second != "metadata-token") return {401, {}, {}};
      if (role.empty()) return {404, {}, {}};
      if (request.path.ends_with("/")) return {200, role + "\n", {}};
    }
    ++given;
    return {200,
            fmt::format(R"({{"Code":"Success","AccessKeyId":"ASIA{}","SecretAccessKey":"secret-key-{}",)"
                        R"("Token":"secret-token","Expiration":"{}"}})",
                        given, given, to_rfc3339(clock.now() + lifetime)),
            {}};
  }

  FakeHttp::Answer respond_as_sts(const FakeHttp::Request& request) {
    auto form = test::read_form(request.body);
    if (!fault.empty()) return aws_error(fault == "AccessDenied" ? 403 : 400, fault, "no: " + form["WebIdentityToken"]);
    const auto action = form.at("Action");
    ++given;
    return {
        200,
        fmt::format("<{0}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{0}Result><Credentials>"
                    "<AccessKeyId>ASIA{1}</AccessKeyId><SecretAccessKey>secret-key</SecretAccessKey><SessionToken>"
                    "secret-token</SessionToken><Expiration>{2}</Expiration></Credentials></{0}Result></{0}Response>",
                    action, given, to_rfc3339(clock.now() + lifetime)),
        {}};
  }

  std::unique_ptr<Keychain> make_keychain() {
    return std::make_unique<Keychain>(settings, loop, http, http, environment());
  }
  /// "KEY from ORIGIN", or how it failed.
  std::string found() {
    const auto keychain = make_keychain();
    try {
      const auto credentials = run(loop, keychain->get());
      return credentials.key_id + " from " + credentials.origin;
    } catch (const Error& error) {
      return outcome([](Error thrown) -> Task<> {
        throw thrown;
        co_return;
      }(error));
    }
  }
  void profiles(const std::string& credentials, const std::string& config) {
    folder.write("credentials", credentials);
    folder.write("config", config);
    variables["AWS_SHARED_CREDENTIALS_FILE"] = folder.path("credentials").string();
    variables["AWS_CONFIG_FILE"] = folder.path("config").string();
  }
  std::string form(const std::string& key) { return test::read_form(places.requests().back().body)[key]; }
};

}  // namespace

SCENARIO("credentials come from the first place of AWS' chain that has some") {
  CredentialScene scene;
  scene.folder.write("token", "web-token\n");
  CHECK(scene.found() == "ASIA1 from the instance's role r");

  scene.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = scene.places.url() + "/container";
  CHECK(scene.found() == "ASIA2 from the container's endpoint");

  scene.profiles("[default]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n", "");
  CHECK(scene.found() == "AKIAPROFILE from profile default");

  scene.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = scene.folder.path("token").string();
  scene.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
  CHECK(scene.found() == "ASIA3 from role arn:aws:iam::1:role/web");

  scene.variables["AWS_ACCESS_KEY_ID"] = "AKIAENV";
  CHECK_THAT(scene.found(), StartsWith("refused aws:credentials the environment has only one of"));
  scene.variables["AWS_SECRET_ACCESS_KEY"] = "s";
  CHECK(scene.found() == "AKIAENV from the environment");

  scene.settings.profile = "default";
  CHECK(scene.found() == "AKIAPROFILE from profile default");

  scene.settings.profile.clear();
  scene.settings.key = config::AwsKey{"AKIACONFIGURED", Secret("s"), Secret()};
  CHECK(scene.found() == "AKIACONFIGURED from the configuration");
}

SCENARIO("where there are none, all that was looked at is told") {
  CredentialScene scene;
  scene.variables["HOME"] = "/nonexistent";
  const auto nothing =
      "refused aws:no-credentials there are no AWS credentials: give `access_key_id` and `secret_access_key`, or put "
      "them "
      "where it looks, which was: the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY); web identity "
      "(AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN); profile default in /nonexistent/.aws/credentials and "
      "/nonexistent/.aws/config; the container's endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, "
      "AWS_CONTAINER_CREDENTIALS_FULL_URI); the metadata service of EC2 at " +
      scene.places.url();
  scene.role.clear();
  CHECK(scene.found() == nothing + " (the instance has no role)");
  scene.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  CHECK(scene.found() == nothing + " (switched off by AWS_EC2_METADATA_DISABLED)");
  scene.variables.erase("AWS_EC2_METADATA_DISABLED");
  scene.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
  CHECK_THAT(scene.found(), Contains("(cannot connect to 127.0.0.1:1: Connection refused"));
}

SCENARIO("the metadata service is asked with a token, and the role that it names") {
  CredentialScene scene;
  CHECK(scene.found() == "ASIA1 from the instance's role r");
  const auto requests = scene.places.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].method == "PUT");
  CHECK(requests[0].headers.at("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
  CHECK(requests[2].path == "/latest/meta-data/iam/security-credentials/r");
}

SCENARIO("a container's token is sent only where it is safe") {
  for (const char* good : {"https://anywhere.test/x", "http://127.0.0.1/x", "http://127.8.9.1:80/x",
                           "http://localhost:51679/x", "http://[::1]:80/", "http://169.254.170.2/v2",
                           "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"}) {
    INFO(good);
    CHECK(may_get_token(good));
  }
  for (const char* bad :
       {"http://192.0.2.1/x", "http://127.0.0.1@192.0.2.1/x", "http://localhost:80@evil.test/",
        "http://localhost.evil.test/", "http://169.254.170.24/", "http://169.254.169.254/", "ftp://127.0.0.1/",
        "http://[fd00:ec2::24]/", "127.0.0.1", "", "http://127.0.0.1.evil.test/"}) {
    INFO(bad);
    CHECK_FALSE(may_get_token(bad));
  }
  CredentialScene scene;
  WHEN("it stands in the environment") {
    scene.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = scene.places.url() + "/container";
    scene.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "bearer";
    CHECK(scene.found() == "ASIA1 from the container's endpoint");
    CHECK(scene.places.requests().back().headers.at("authorization") == "bearer");
    THEN("one in a file comes before it, and is read each time") {
      scene.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = scene.folder.path("token").string();
      scene.lifetime = 10min;
      const auto keychain = scene.make_keychain();
      for (const auto* token : {"first", "second"}) {
        scene.folder.write("token", token + std::string("\n"));
        run(scene.loop, keychain->get());
        CHECK(scene.places.requests().back().headers.at("authorization") == token);
        scene.clock.advance(6min);
      }
    }
  }
  WHEN("the endpoint is elsewhere") {
    scene.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://192.0.2.1/x";
    CHECK_THAT(scene.found(), StartsWith("refused aws:credentials AWS_CONTAINER_CREDENTIALS_FULL_URI is "));
    CHECK(scene.places.requests().empty());
  }
}

SCENARIO("credentials are renewed five minutes before they end") {
  CredentialScene scene;
  const auto keychain = scene.make_keychain();
  const auto key = [&] { return run(scene.loop, keychain->get()).key_id; };
  CHECK(key() == "ASIA1");
  scene.clock.advance(54min);
  CHECK(key() == "ASIA1");
  scene.clock.advance(2min);
  CHECK(key() == "ASIA2");
  WHEN("the place has none for a while") {
    scene.clock.advance(56min);
    scene.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
    CHECK(key() == "ASIA2");
    scene.clock.advance(5min);
    CHECK_THROWS_AS(key(), Refused);
  }
  WHEN("the place gives what ends soon") {
    scene.lifetime = 3min;
    scene.clock.advance(1h);
    CHECK(key() == "ASIA3");
    CHECK(key() == "ASIA3");
    scene.clock.advance(31s);
    CHECK(key() == "ASIA4");
  }
  WHEN("files may have changed") {
    keychain->forget();
    CHECK(key() == "ASIA3");
  }
}

SCENARIO("a session that AWS calls expired is renewed once, and the call repeated") {
  CredentialScene scene;
  const auto expired = aws_error(403, "ExpiredToken", "The security token included in the request is expired");
  WHEN("the new one is good") {
    scene.aws.answers["ChangeResourceRecordSets"] = {expired};
    const auto provider = scene.make_provider();
    CHECK(scene.outcome(provider->apply(example_zone, {addition(challenge, "one")})) == "made");
    CHECK(scene.given == 2);
    CHECK_THAT(scene.aws.requests().back().headers.at("authorization"), Contains("Credential=ASIA2/"));
    CHECK(scene.aws.requests().back().headers.at("x-amz-security-token") == "secret-token");
  }
  WHEN("it is not") {
    scene.aws.answers["ChangeResourceRecordSets"] = {expired, expired, expired};
    const auto provider = scene.make_provider();
    CHECK_THAT(scene.outcome(provider->apply(example_zone, {addition(challenge, "one")})),
               StartsWith("retry aws:ExpiredToken cannot change zone example.test (Z1): the token of the "
                          "credentials of the instance's role r (access key ASIA") &&
                   !Contains("secret-"));
  }
}

SCENARIO("a configured role is taken on, with the external id") {
  CredentialScene scene;
  scene.settings.key = config::AwsKey{"AKIABASE", Secret("s"), Secret("session")};
  scene.settings.role_arn = "arn:aws:iam::1:role/dns";
  CHECK(scene.found() == "ASIA1 from role arn:aws:iam::1:role/dns");
  CHECK(scene.form("Action") == "AssumeRole");
  CHECK(scene.form("Version") == "2011-06-15");
  CHECK(scene.form("RoleArn") == "arn:aws:iam::1:role/dns");
  CHECK(scene.form("RoleSessionName") == "acmed");
  CHECK(scene.form("ExternalId").empty());
  const auto request = scene.places.requests().back();
  CHECK_THAT(request.headers.at("authorization"),
             Contains("Credential=AKIABASE/20261122/us-east-1/sts/aws4_request, "
                      "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
  scene.settings.external_id = "a/b c";
  scene.settings.role_session_name = "me@here";
  CHECK(scene.found() == "ASIA2 from role arn:aws:iam::1:role/dns");
  CHECK(scene.form("ExternalId") == "a/b c");
  CHECK(scene.form("RoleSessionName") == "me@here");
  WHEN("it may not be taken on") {
    scene.fault = "AccessDenied";
    CHECK_THAT(scene.found(),
               StartsWith("refused aws:AccessDenied cannot take on the role arn:aws:iam::1:role/dns: the "
                          "credentials of the configuration (access key AKIABASE) may not do so: allow "
                          "sts:AssumeRole on it in their IAM policy and in the role's trust policy"));
  }
}

SCENARIO("a web identity is sent as it stands in its file, unsigned") {
  CredentialScene scene;
  scene.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = scene.folder.path("token").string();
  scene.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
  scene.variables["AWS_ROLE_SESSION_NAME"] = "pod";
  CHECK_THAT(scene.found(),
             StartsWith("refused aws:credentials the token for the role arn:aws:iam::1:role/web is missing: "
                        "there is no file "));
  scene.folder.write("token", "header.payload/+=.signature\n");
  CHECK(scene.found() == "ASIA1 from role arn:aws:iam::1:role/web");
  CHECK(scene.form("Action") == "AssumeRoleWithWebIdentity");
  CHECK(scene.form("WebIdentityToken") == "header.payload/+=.signature");
  CHECK(scene.form("RoleSessionName") == "pod");
  CHECK_FALSE(scene.places.requests().back().headers.contains("authorization"));
  scene.fault = "InvalidIdentityToken";
  CHECK_THAT(scene.found(),
             StartsWith("refused aws:InvalidIdentityToken cannot take on the role") && Contains("AWS says: no: ***"));
  scene.fault = "ExpiredTokenException";
  CHECK_THAT(
      scene.found(),
      StartsWith(
          "retry aws:ExpiredTokenException cannot take on the role arn:aws:iam::1:role/web: the token of the web "
          "identity has expired"));
}

SCENARIO("profiles may take on roles by others") {
  CredentialScene scene;
  const std::string keys = "[base]\naws_access_key_id=AKIABASE\naws_secret_access_key=s\n";
  scene.settings.profile = "dns";
  WHEN("a role has a source profile") {
    scene.profiles(keys,
                   "[profile dns]\nrole_arn = arn:dns\nsource_profile = base\nexternal_id = x\nrole_session_name=n\n");
    CHECK(scene.found() == "ASIA1 from role arn:dns");
    CHECK(scene.form("ExternalId") == "x");
    CHECK(scene.form("RoleSessionName") == "n");
    CHECK_THAT(scene.places.requests().back().headers.at("authorization"), Contains("Credential=AKIABASE/"));
  }
  WHEN("roles are taken on one by another") {
    scene.profiles(keys,
                   "[profile dns]\nrole_arn = arn:dns\nsource_profile = middle\n"
                   "[profile middle]\nrole_arn = arn:middle\nsource_profile = base\n");
    CHECK(scene.found() == "ASIA2 from role arn:dns");
    CHECK_THAT(scene.places.requests().back().headers.at("authorization"), Contains("Credential=ASIA1/"));
  }
  WHEN("a profile is its own source") {
    scene.profiles("[dns]\naws_access_key_id=AKIAOWN\naws_secret_access_key=s\n",
                   "[profile dns]\nrole_arn = arn:dns\nsource_profile = dns\n");
    CHECK(scene.found() == "ASIA1 from role arn:dns");
    CHECK_THAT(scene.places.requests().back().headers.at("authorization"), Contains("Credential=AKIAOWN/"));
  }
  WHEN("profiles go round in a circle") {
    scene.profiles(
        "", "[profile dns]\nrole_arn=arn:dns\nsource_profile=b\n[profile b]\nrole_arn=arn:b\nsource_profile=dns\n");
    CHECK_THAT(scene.found(), StartsWith("refused aws:credentials the AWS profile dns"));
  }
  WHEN("the source is another place") {
    scene.profiles("", "[profile dns]\nrole_arn = arn:dns\ncredential_source = Ec2InstanceMetadata\n");
    CHECK(scene.found() == "ASIA2 from role arn:dns");
    scene.profiles("", "[profile dns]\nrole_arn = arn:dns\ncredential_source = Environment\n");
    CHECK_THAT(scene.found(), Contains("has credential_source = Environment, and nothing is there: the environment"));
    scene.profiles("", "[profile dns]\nrole_arn = arn:dns\ncredential_source = Moon\n");
    CHECK_THAT(scene.found(), Contains("none of Environment, EcsContainer and Ec2InstanceMetadata"));
  }
  WHEN("it is a web identity") {
    scene.folder.write("token", "t");
    scene.profiles(
        "", "[profile dns]\nrole_arn = arn:dns\nweb_identity_token_file = " + scene.folder.path("token").string());
    CHECK(scene.found() == "ASIA1 from role arn:dns");
    CHECK(scene.form("WebIdentityToken") == "t");
  }
  WHEN("something is missing, or not to be had") {
    scene.profiles("", "[profile dns]\nrole_arn = arn:dns\n");
    CHECK_THAT(scene.found(), Contains("give it one of source_profile, credential_source and web_identity_token_file"));
    scene.profiles("", "[profile dns]\nrole_arn = arn:dns\nsource_profile = gone\n");
    CHECK_THAT(scene.found(), Contains("the AWS profile dns names the profile gone, which is not to be found"));
    scene.profiles("", "[profile other]\n");
    CHECK_THAT(scene.found(),
               StartsWith("refused aws:credentials the AWS profile dns is not to be found: looked at profile dns in "));
    scene.profiles("", "[profile dns]\nregion = x\n");
    CHECK_THAT(scene.found(), Contains("has neither aws_access_key_id"));
    for (const char* key : {"sso_session", "sso_start_url", "login_session"}) {
      scene.profiles("", fmt::format("[profile dns]\n{} = x\n", key));
      CHECK_THAT(scene.found(), Contains(fmt::format("the AWS profile dns has {}, which takes a person with a browser: "
                                                     "give it keys, a role_arn, or a credential_process",
                                                     key)));
    }
    scene.profiles("", "[profile dns]\nrole_arn = arn:dns\nsource_profile = base\nmfa_serial = x\n");
    CHECK_THAT(scene.found(), Contains("the AWS profile dns has mfa_serial"));
  }
  WHEN("a file may not be read") {
    scene.profiles("", "");
    scene.variables["AWS_SHARED_CREDENTIALS_FILE"] = scene.folder.path("").string();  // not even root reads a folder
    CHECK_THAT(scene.found(),
               StartsWith("refused aws:credentials the AWS profile dns is not to be found: looked at ") &&
                   Contains("is no regular file"));
    scene.settings.profile.clear();
    scene.role.clear();
    CHECK_THAT(scene.found(), StartsWith("refused aws:no-credentials ") && Contains("is no regular file"));
  }
  WHEN("the environment names the profile") {
    scene.settings.profile.clear();
    scene.variables["AWS_PROFILE"] = "base";
    scene.profiles(keys, "");
    CHECK(scene.found() == "AKIABASE from profile base");
    scene.variables["AWS_PROFILE"] = "gone";
    CHECK_THAT(scene.found(), Contains("the AWS profile gone is not to be found"));
  }
}

SCENARIO("a configured key is the one that its file holds now") {
  CredentialScene scene;
  const auto path = scene.folder.path("secret");
  scene.folder.write("secret", "one");
  scene.settings.key = config::AwsKey{
      "AKIDEXAMPLE", SecretSource(path, [path] { return Secret(files::read(path).value_or("")); }), Secret()};
  const auto keychain = scene.make_keychain();
  CHECK(run(scene.loop, keychain->get()).secret_key.reveal() == "one");
  scene.folder.write("secret", "three");
  CHECK(run(scene.loop, keychain->get()).secret_key.reveal() == "three");
}

SCENARIO("credentials may be what a program prints") {
  CredentialScene scene;
  scene.settings.profile = "dns";
  const auto program = scene.folder.path("helper").string();
  const auto prints = [&](const std::string& script) { scene.folder.write("helper", "#!/bin/sh\n" + script, 0755); };
  const auto printing = [](const std::string& more) {
    return R"(echo '{"Version": 1, "AccessKeyId": "ASIAPRINTED", "SecretAccessKey": "s")" + more + "}'\n";
  };
  const auto process = fmt::format("[profile dns]\ncredential_process = {} --role 'a b'\n", program);
  scene.profiles("", process);
  WHEN("they do not end") {
    prints(printing(""));
    CHECK(scene.found() == "ASIAPRINTED from credential_process of profile dns");
  }
  WHEN("they end") {
    prints("echo x >> " + scene.folder.path("runs").string() + "\n" +
           printing(R"(, "SessionToken": "t", "Expiration": ")" + to_rfc3339(scene.clock.now() + 1h) + "\""));
    const auto keychain = scene.make_keychain();
    const auto runs = [&] { return std::filesystem::file_size(scene.folder.path("runs")) / 2; };
    CHECK(run(scene.loop, keychain->get()).session_token.reveal() == "t");
    CHECK(run(scene.loop, keychain->get()).key_id == "ASIAPRINTED");
    CHECK(runs() == 1);
    scene.clock.advance(56min);
    run(scene.loop, keychain->get());
    CHECK(runs() == 2);
  }
  WHEN("it looks at what it was given") {
    scene.variables["HOME"] = "/home/x";
    scene.variables["AWS_SECRET_ACCESS_KEY"] = "not for you";
    prints("[ \"$1/$2/$HOME/$AWS_SECRET_ACCESS_KEY\" = '--role/a b//home/x/' ] || exit 7\n" + printing(""));
    CHECK(scene.found() == "ASIAPRINTED from credential_process of profile dns");
  }
  WHEN("it says why it has none") {
    prints("echo 'no certificate' >&2; echo secret; exit 3\n");
    CHECK(scene.found() == "retry aws:credentials credential_process of the AWS profile dns: " + program +
                               " exited with 3: no certificate");
  }
  WHEN("it prints something else") {
    for (const auto* script :
         {"echo '{}'", "echo hello", "true", R"(echo '{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "s"}')",
          R"(echo '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "x"}')"}) {
      INFO(script);
      prints(script);
      CHECK_THAT(scene.found(), StartsWith("retry aws:credentials ") && Contains("does not print credentials"));
    }
  }
  WHEN("there is no such program") {
    CHECK_THAT(scene.found(), StartsWith("refused process:start credential_process of the AWS profile dns: "));
  }
  WHEN("keys stand beside it") {
    prints(printing(""));
    const std::string keys = "aws_access_key_id = AKIABESIDE\naws_secret_access_key = s\n";
    THEN("those of the credentials file count") {
      scene.profiles("[dns]\n" + keys, process);
      CHECK(scene.found() == "AKIABESIDE from profile dns");
    }
    THEN("those of the other file do not") {
      scene.profiles("", process + keys);
      CHECK(scene.found() == "ASIAPRINTED from credential_process of profile dns");
    }
  }
}

SCENARIO("the command line of a credential_process is split into words without a shell") {
  using Words = std::vector<std::string>;
  CHECK(words_of_command("/a b\tc ") == Words{"/a", "b", "c"});
  CHECK(words_of_command(R"("/a b"/c 'd "e' "f \" g" \ h '')") == Words{"/a b/c", "d \"e", "f \" g", " h", ""});
  CHECK(words_of_command("/a $(b) `c` ;d") == Words{"/a", "$(b)", "`c`", ";d"});
  for (const auto* bad : {"", "  ", "'a", "\"a\\\""}) {
    INFO(bad);
    CHECK_THROWS_AS(words_of_command(bad), Refused);
  }
}

SCENARIO("the files of AWS' tools are read as these read them") {
  const auto credentials = parse_profiles(
      "aws_access_key_id = before any section\n"
      "[default]\r\n"
      "AWS_ACCESS_KEY_ID = AKIA1  \r\n"
      "# comment\n; comment\n"
      "aws_secret_access_key=a/b+c=d #comment\n"
      "nonsense\n"
      "[ other ]\nregion = x\n[unclosed\nregion = y\n",
      ProfileFile::credentials);
  REQUIRE(credentials.size() == 2);
  CHECK(credentials.at("default").text("aws_access_key_id") == "AKIA1");
  CHECK(credentials.at("default").text("aws_secret_access_key") == "a/b+c=d");
  CHECK(credentials.at("other").text("region") == "x");

  const auto config = parse_profiles(
      "[default]\nregion = a\n[profile x y]\nregion = b\n[sso-session z]\nregion = c\n[stray]\nregion = d\n"
      "[profile \"quoted\"]\ns3 =\n  region = nested\nregion = e\n[profilebad]\nregion = f\n",
      ProfileFile::config);
  CHECK(config.size() == 3);
  CHECK(config.at("default").text("region") == "a");
  CHECK(config.at("x y").text("region") == "b");
  CHECK(config.at("quoted").text("region") == "e");
  CHECK(parse_profiles("", ProfileFile::config).empty());
}
