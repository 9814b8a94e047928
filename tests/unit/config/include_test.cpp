// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include "config/deployments.h"
#include "tests/unit/config/folder.h"

namespace acmed::config {

SCENARIO("a configuration may be spread over files") {
  const Folder folder;
  folder.write("conf.d/10-ca.toml", "[ca.letsencrypt]\nterms_agreed = true\n");
  folder.write("conf.d/20-dns.toml",
               "[provider.bind]\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\nzones = [\"corp.example\"]\n");
  folder.write("conf.d/30-b.toml", "[[certificate]]\ndomains = [\"b.corp.example\"]\n");
  folder.write("conf.d/31-empty.toml", "");
  folder.write("conf.d/40-a.toml", "[[certificate]]\ndomains = [\"a.corp.example\"]\n");
  folder.write("conf.d/README", "this is no TOML");
  const std::string main = R"(include = ["conf.d/*.toml", "acmed.toml", "conf.d/10-ca.toml", "more.d/*.toml"])";

  WHEN("all is well") {
    const auto config = folder.load(main);
    THEN("the files are read in the order of their names, each once") {
      REQUIRE(config.certificates.size() == 2);
      CHECK(config.certificates[0].name == "b.corp.example");
      CHECK(config.certificates[1].name == "a.corp.example");
      CHECK(config.cas.size() == 1);
    }
  }
  WHEN("one of them is large, as what a program writes for many certificates") {
    const std::string remark = "# " + std::string(1021, 'x') + "\n";
    std::string remarks;
    for (int i = 0; i < 2 * 1024; ++i) remarks += remark;
    folder.write("conf.d/40-a.toml", remarks + "[[certificate]]\ndomains = [\"a.corp.example\"]\n");
    THEN("it is read like the others") {
      CHECK(folder.load(main).certificates[1].name == "a.corp.example");
    }
  }
  WHEN("all together are larger than any that somebody meant") {
    folder.write("conf.d/40-a.toml", "[[certificate]]\ndomains = [\"a.corp.example\"]\n");
    std::filesystem::resize_file(folder.path("conf.d/40-a.toml"), std::uintmax_t{65} << 20);
    THEN("the sentence says how much is allowed") {
      CHECK_THAT(folder.faults(main), Catch::Contains("40-a.toml is larger than 67108864 bytes"));
    }
  }
  WHEN("each alone would be allowed, but not all together") {
    std::filesystem::resize_file(folder.path("conf.d/31-empty.toml"), std::uintmax_t{64} << 20);
    THEN("the one that is too much is named") {
      CHECK_THAT(folder.faults(main), Catch::Contains("31-empty.toml the files of the configuration hold more than"));
    }
  }
  WHEN("relative paths stand in an included file") {
    folder.write("conf.d/40-a.toml",
                 "[[certificate]]\ndomains = [\"a.corp.example\"]\n[[certificate.deploy]]\nname = \"x\"\n"
                 "directory = \"tls\"\n");
    THEN("they begin at that file's folder") {
      CHECK(folder.load(main).certificates[1].deploy[0].directory == folder.path("conf.d/tls"));
    }
  }
  WHEN("a table stands in two files") {
    folder.write("conf.d/50.toml", "\n[provider.bind]\ntype = \"rfc2136\"\n[ca.letsencrypt]\n");
    THEN("both places are named") {
      CHECK(folder.faults(main) ==
            "conf.d/50.toml:2:11: provider.bind: [provider.bind] is already defined at conf.d/20-dns.toml:1\n"
            "conf.d/50.toml:4:5: ca.letsencrypt: [ca.letsencrypt] is already defined at conf.d/10-ca.toml:1");
    }
  }
  WHEN("an included file has what belongs into the main file") {
    folder.write("conf.d/50.toml",
                 "include = [\"x\"]\nstate_directory = \"/x\"\n[defaults]\n[propagation]\n[notify]\n");
    THEN("each is refused") {
      CHECK(folder.faults(main) ==
            "conf.d/50.toml:1:1: include: an included file cannot include others; name them in the main file\n"
            "conf.d/50.toml:2:1: state_directory: belongs into the main file; an included file holds ca, provider and "
            "certificate tables\n"
            "conf.d/50.toml:3:2: defaults: belongs into the main file; an included file holds ca, provider and "
            "certificate tables\n"
            "conf.d/50.toml:4:2: propagation: belongs into the main file; an included file holds ca, provider and "
            "certificate tables\n"
            "conf.d/50.toml:5:2: notify: belongs into the main file; an included file holds ca, provider and "
            "certificate tables");
    }
  }
  WHEN("several files have faults") {
    folder.write("conf.d/10-ca.toml", "[ca.letsencrypt]\n");
    folder.write("conf.d/30-b.toml", "[[certificate]]\ndomains = [\"b.corp.exmple\"]\n\ncaa = 1\n");
    THEN("they come in the order of the files and lines") {
      CHECK(folder.faults(main + "\nnonsense = 1") ==
            "acmed.toml:2:1: nonsense: there is no such key\n"
            "conf.d/10-ca.toml:1:5: ca.letsencrypt.terms_agreed: read the CA's terms of service, then agree by: "
            "terms_agreed = true\n"
            "conf.d/30-b.toml:2:12: certificate.domains: \"b.corp.exmple\" is served by no provider; there are the "
            "zones corp.example\n"
            "conf.d/30-b.toml:4:1: certificate.caa: there is no such key; did you mean ca?");
    }
  }
  WHEN("a file cannot be had") {
    folder.write("conf.d/60.toml", "a = \nb = 1");
    std::filesystem::create_directory(folder.path("folder.toml"));
    const auto faults = folder.faults("include = [\"none.toml\", \"folder.toml\", \"conf.d/*.toml\"]");
    THEN("it is named, at the pattern or in itself") {
      CHECK_THAT(faults, Catch::Contains("acmed.toml:1:12: include: there is no file none.toml\n"
                                         "acmed.toml:1:25: include: folder.toml is no regular file\n"
                                         "conf.d/60.toml:1:"));
      CHECK_THAT(faults, Catch::Contains("this is not TOML: "));
    }
  }
}

SCENARIO("a start leaves out the included files that are wrong, and no others") {
  const Folder folder;
  folder.write("acmed.toml", "include = [\"conf.d/*.toml\"]\n" + basis);
  folder.write("conf.d/a.toml", "[[certificate]]\ndomains = [\"a.corp.example\"]\n");
  const auto load = [&folder] { return load_for_start(folder.path("acmed.toml")); };
  const auto names = [](const Config& config) {
    std::vector<std::string> result;
    for (const auto& certificate : config.certificates) result.push_back(certificate.name);
    return result;
  };
  using Names = std::vector<std::string>;
  WHEN("one is no TOML") {
    folder.write("conf.d/b.toml", "[[certificate]]\ndomains = [\"b.corp.example\"\n");
    const auto config = load();
    CHECK(names(config) == Names{"a.corp.example"});
    REQUIRE(config.left_out.size() == 1);
    CHECK(config.left_out[0].file == folder.path("conf.d/b.toml"));
    CHECK(load_deployments(folder.path("acmed.toml")).certificates.size() == 1);
    CHECK_THROWS_AS(config::load(folder.path("acmed.toml")), Faults);
  }
  WHEN("one has a wrong key, and what another needs") {
    folder.write(
        "conf.d/b.toml",
        "[provider.more]\ntype = \"rfc2136\"\nserver = \"ns1.more.example\"\nzones = [\"more.example\"]\nzoned = 1\n");
    folder.write("conf.d/c.toml", "[[certificate]]\ndomains = [\"more.example\"]\n");
    const auto config = load();
    CHECK(names(config) == Names{"a.corp.example"});
    CHECK(config.left_out.size() == 2);
    THEN("of a certificate that is not there for that it is known why") {
      const auto fault = why_left_out(config, "more.example");
      REQUIRE(fault);
      CHECK(fault->file == folder.path("conf.d/c.toml"));
      CHECK_THAT(fault->sentence, Catch::Contains("\"more.example\" is served by no provider"));
      CHECK_FALSE(why_left_out(config, "a.corp.example"));
      CHECK_FALSE(why_left_out(config, "other.example"));
    }
  }
  WHEN("the main file is wrong, too") {
    folder.write("conf.d/b.toml", "nonsense");
    folder.write("acmed.toml", "include = [\"conf.d/*.toml\"]\nzoned = 1\n" + basis);
    CHECK_THROWS_AS(load(), Faults);
  }
  WHEN("nothing is wrong") {
    CHECK(load().left_out.empty());
  }
}

}  // namespace acmed::config
