#include "api/api.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "api/fakes_test.h"
#include "api/json.h"

namespace sp3ctra::api {
namespace {

class ApiTest : public ::testing::Test {
 protected:
  Response ask(std::string method, std::string_view target, std::string body = {}) {
    Request request;
    request.method = std::move(method);
    request.body = std::move(body);
    EXPECT_TRUE(set_target(request, target));
    return api.handle(request);
  }
  static JsonIn body_of(const Response& response) {
    return parse_object(response.body).value_or(JsonIn::object());
  }
  std::string export_done() {
    const std::string id = *text_member(body_of(ask("POST", "/captures/c1/exports", "{}")), "job");
    EXPECT_TRUE(fakes::soon(
        [&] { return text_member(body_of(ask("GET", "/jobs/" + id)), "state") != "running"; }));
    return id;
  }

  fakes::Folder folder;
  fakes::FakeEngine engine{folder.path()};
  fakes::FakeLibrary library;
  Api api{engine, library, {}, folder.path()};
};

TEST_F(ApiTest, TimesAreStringsAndHostileTextIsEscaped) {
  const Response state = ask("GET", "/state");
  EXPECT_NE(state.body.find(R"("since_ns":"1700000000123456789")"), std::string::npos);
  EXPECT_EQ(state.body.find('\x1b'), std::string::npos);
  EXPECT_EQ(state.body.find('\xff'), std::string::npos);
  EXPECT_TRUE(parse_object(state.body));
  const Response packet = ask("GET", "/captures/c1/packets/5");
  EXPECT_EQ(packet.status, 200);
  EXPECT_EQ(packet.body.find('\x1b'), std::string::npos);
  const auto json = body_of(packet);
  EXPECT_EQ(json["ts_ns"], "1700000000123456789");
  EXPECT_EQ(json["words"]["lead"][1]["packet"], 7);
  EXPECT_TRUE(json["previous"].is_null());
}

TEST_F(ApiTest, RoutesTakeIdsNotPaths) {
  for (const std::string_view bad :
       {"/captures/../state", "/captures/%2e%2e/packets/1", "/captures//packets/1", "/captures/c1",
        "/captures/c1/packets/1/x", "/jobs/a.b", "//state", "/State", "", "/captures/c1%2f"})
    EXPECT_EQ(ask("GET", bad).status, 404) << bad;
  EXPECT_EQ(ask("GET", "/captures/c7/packets/1").status, 404);
  EXPECT_EQ(ask("GET", "/captures/c1/packets/x").status, 400);
  EXPECT_EQ(ask("GET", "/captures/c1/packets/0").status, 400);
  EXPECT_EQ(ask("GET", "/captures/c1/packets/99999").status, 404);
  EXPECT_EQ(ask("DELETE", "/state").status, 404);
  // What is no id reaches no handler at all.
  for (const std::string_view bad : {"..", ".", "a.b", "%2e%2e", "c1%2f", "", "c1 ", "\xc3\xa4"}) {
    EXPECT_FALSE(Api::plan("GET", fmt::format("/captures/{}/packets/1", bad))) << bad;
    EXPECT_FALSE(Api::plan("DELETE", fmt::format("/captures/{}", bad))) << bad;
    EXPECT_FALSE(Api::plan("GET", fmt::format("/jobs/{}", bad))) << bad;
  }
  EXPECT_FALSE(Api::plan("GET", "/jobs/" + std::string(65, 'a')));
  EXPECT_TRUE(Api::plan("GET", "/jobs/" + std::string(64, 'a')));
}

TEST_F(ApiTest, BodiesThatAreNoObjectsAreRefused) {
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{\"a\":";
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string("\xff\xfe"), std::string("null"), deep,
        std::string("{\"text\":\"\xff\"}"), std::string(20'000, '[')})
    EXPECT_EQ(ask("POST", "/captures/c1/filters", body).status, 400) << body.substr(0, 20);
  EXPECT_EQ(ask("POST", "/captures/c1/filters", R"({"text":5})").status, 400);
  EXPECT_EQ(
      ask("POST", "/captures/c1/filters", R"({"text":")" + std::string(70'000, 'a') + "\"}").status,
      413);
}

TEST_F(ApiTest, FilterErrorsHaveAPosition) {
  const Response bad = ask("POST", "/captures/c1/filters", R"({"text":"bad =="})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.body, R"({"error":"A value is missing","position":4,"length":2})");
  EXPECT_EQ(ask("POST", "/captures/c1/filters", R"({"text":"dns"})").body,
            R"({"filter":"f1","reading":"Showing dns"})");
  const Response bpf =
      ask("POST", "/capture/start", R"({"interfaces":["lo"],"bpf":"port http and"})");
  EXPECT_EQ(bpf.status, 400);
  EXPECT_EQ(body_of(bpf)["position"], 10);
}

TEST_F(ApiTest, ACaptureIsStartedOnSeveralInterfacesAsChosen) {
  const Response all = ask("POST", "/capture/start",
                           R"({"interfaces":["lo","eth0.7"],"bpf":"tcp",)"
                           R"("promiscuous":false,"snaplen":96,"ring_mib":8})");
  EXPECT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(engine.started.interfaces, (std::vector<std::string>{"lo", "eth0.7"}));
  EXPECT_EQ(engine.started.bpf, "tcp");
  EXPECT_FALSE(engine.started.promiscuous);
  EXPECT_EQ(engine.started.snaplen, 96u);
  EXPECT_EQ(engine.started.ring_bytes, 8u << 20);
  EXPECT_EQ(ask("POST", "/capture/start", R"({"interfaces":["lo"]})").status, 200);
  EXPECT_TRUE(engine.started.promiscuous);
  EXPECT_EQ(engine.started.snaplen, 0u);
  EXPECT_EQ(engine.started.ring_bytes, 0u);
  const Response none = ask("POST", "/capture/start", R"({"interfaces":["lo","none0"]})");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(body_of(none)["interface"], "none0");
  for (const char* bad :
       {R"({})", R"({"interfaces":[]})", R"({"interfaces":"lo"})", R"({"interfaces":[5]})",
        R"({"interfaces":["a/b"]})", R"({"interfaces":["sixteen-bytes-xx"]})",
        R"({"interfaces":["lo"],"snaplen":5})", R"({"interfaces":["lo"],"ring_mib":4096})",
        R"({"interfaces":["0","1","2","3","4","5","6","7","8","9","10","11","12",)"
        R"("13","14","15","16"]})"})
    EXPECT_EQ(ask("POST", "/capture/start", bad).status, 400) << bad;
}

TEST_F(ApiTest, ARunningCaptureIsChanged) {
  EXPECT_EQ(ask("POST", "/capture/interfaces", R"({"name":"eth0"})").status, 200);
  EXPECT_EQ(ask("POST", "/capture/interfaces", R"({"name":""})").status, 400);
  const Response none = ask("POST", "/capture/interfaces", R"({"name":"none0"})");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(body_of(none)["interface"], "none0");
  EXPECT_EQ(ask("DELETE", "/capture/interfaces/eth0.7").status, 200);
  EXPECT_EQ(ask("DELETE", "/capture/interfaces/br%3a0").status, 200);
  EXPECT_EQ(ask("DELETE", "/capture/interfaces/lo").status, 409);
  EXPECT_EQ(ask("DELETE", "/capture/interfaces/%2e%2e").status, 404);
  EXPECT_EQ(ask("POST", "/capture/filter", R"({"bpf":"udp"})").status, 200);
  EXPECT_EQ(ask("POST", "/capture/filter", R"({})").status, 400);
  const Response bpf = ask("POST", "/capture/filter", R"({"bpf":"port http and"})");
  EXPECT_EQ(bpf.status, 400);
  EXPECT_EQ(body_of(bpf)["position"], 10);
}

TEST_F(ApiTest, AStopIsAnsweredInTimeAndSaysWhetherItIsThrough) {
  EXPECT_EQ(body_of(ask("POST", "/capture/stop", "{}"))["state"], "STOPPED");
  engine.stop_takes_ms = 1000;  // a page waits no second for a disk
  EXPECT_EQ(body_of(ask("POST", "/capture/stop", "{}"))["state"], "STOPPING");
}

TEST_F(ApiTest, TheStoreIsToldAndChosenInParts) {
  JsonIn told = body_of(ask("GET", "/capture/store"));
  EXPECT_EQ(told["asked"], false);
  EXPECT_EQ(told["bytes"], limits::kDiskQuotaBytes);
  EXPECT_EQ(told["when_full"], "overwrite");
  told =
      body_of(ask("PUT", "/capture/store", R"({"bytes":50000000,"when_full":"pause","hours":3})"));
  EXPECT_EQ(told["asked"], true);
  EXPECT_EQ(told["bytes"], 50'000'000);
  EXPECT_EQ(engine.policy.when_full, StorePolicy::WhenFull::kPause);
  (void)ask("PUT", "/capture/store",
            R"({"always_on":true,"bytes":0,"files":20,"min_free_bytes":7})");
  EXPECT_EQ(engine.policy, (StorePolicy{true, 0, 3, 20, 7, StorePolicy::WhenFull::kPause, true}));
  for (const char* wrong :
       {R"({"bytes":1000})", R"({"bytes":-1})", R"({"bytes":"9"})", R"({"files":1})",
        R"({"hours":1e9})", R"({"hours":99999})", R"({"when_full":"burn"})", R"({"when_full":1})",
        R"({"always_on":1})", R"({"asked":"x"})"}) {
    const Response refused = ask("PUT", "/capture/store", wrong);
    EXPECT_EQ(refused.status, 400) << wrong;
    EXPECT_NE(body_of(refused)["error"], "") << wrong;
  }
  EXPECT_EQ(engine.policy.files, 20u) << "a refused choice changes nothing";
  engine.policy_refused = true;
  EXPECT_EQ(ask("PUT", "/capture/store", R"({"hours":4})").status, 500);
}

TEST_F(ApiTest, FindConversationRowSeries) {
  EXPECT_EQ(ask("GET", "/captures/c1/find?kind=text&q=a+b&from=4").body, R"({"number":5,"row":4})");
  EXPECT_EQ(ask("GET", "/captures/c1/find?kind=text&q=never").status, 404);
  EXPECT_EQ(ask("GET", "/captures/c1/find?kind=odd&q=a").status, 400);
  EXPECT_EQ(ask("GET", "/captures/c1/find?q=a&from=-1").status, 400);
  EXPECT_EQ(ask("GET", "/captures/c1/conversation?n=1&dir=prev").status, 404);
  EXPECT_EQ(ask("GET", "/captures/c1/conversation?n=5").body, R"({"number":6,"row":5})");
  EXPECT_EQ(ask("GET", "/captures/c1/row?n=5").body, R"({"row":4})");
  const auto series = body_of(ask("GET", "/captures/c1/series?bins=3"));
  EXPECT_EQ(series["packets"].size(), 3u);
  EXPECT_EQ(series["families"]["names"].size(), 3u);
  EXPECT_EQ(ask("GET", "/captures/c1/series?bins=99999999").status, 400);
}

TEST_F(ApiTest, InterfacesComeFromTheProvider) {
  EXPECT_EQ(ask("GET", "/interfaces").body, R"({"interfaces":[]})");
  Providers providers;
  providers.interfaces = [] {
    InterfaceRow row;
    row.name = "eth0";
    row.is_virtual = true;
    row.rx_bytes = 5;
    return std::vector<InterfaceRow>{row};
  };
  Api other(engine, library, providers, folder.path());
  Request request;
  request.method = "GET";
  request.path = "/interfaces";
  const auto json = body_of(other.handle(request));
  EXPECT_EQ(json["interfaces"][0]["name"], "eth0");
  EXPECT_EQ(json["interfaces"][0]["virtual"], true);
  EXPECT_EQ(json["interfaces"][0]["rx_bytes"], 5);
}

TEST_F(ApiTest, WhatFollowingTheFlowsGaveUpIsTold) {
  const auto json = body_of(ask("GET", "/captures"));
  const auto& given_up = json["captures"][0]["given_up"];
  ASSERT_EQ(given_up.size(), 1u);
  EXPECT_EQ(given_up[0]["name"], "buffers_full");
  EXPECT_EQ(given_up[0]["count"], 7);
}

TEST_F(ApiTest, StoredCapturesAreListedOpenedAndDeleted) {
  const auto json = body_of(ask("GET", "/captures"));
  ASSERT_EQ(json["stored"].size(), 1u);
  EXPECT_EQ(json["stored"][0]["id"], "c7");
  EXPECT_EQ(json["stored"][0]["bytes"], 4096);
  EXPECT_EQ(json["stored"][0]["modified_ns"], "1700000000123456789");
  EXPECT_EQ(ask("POST", "/captures/c7/open", "{}").body, R"({"capture":"c7"})");
  EXPECT_EQ(ask("POST", "/captures/c8/open", "{}").status, 404);
  engine.stored_captures.push_back({"c6", "unreadable", 1, 1});
  EXPECT_EQ(ask("POST", "/captures/c6/open", "{}").status, 400) << "it is there";
  EXPECT_EQ(body_of(ask("DELETE", "/captures/c7"))["deleted"], true);
  const auto closed = body_of(ask("DELETE", "/captures/c1"));
  EXPECT_EQ(closed["deleted"], false);
  EXPECT_NE(closed["words"].get<std::string>().find("stays there"), std::string::npos);
  EXPECT_EQ(ask("DELETE", "/captures/c9").status, 409);
  EXPECT_EQ(ask("DELETE", "/captures/c8").status, 404);
  EXPECT_EQ(ask("DELETE", "/captures/c5").status, 500);
  EXPECT_EQ(ask("DELETE", "/captures/../token").status, 404) << "ids, never paths";
}

TEST_F(ApiTest, CompletionAndFields) {
  const auto json = body_of(ask("GET", "/complete?capture=c1&text=fra&pos=3"));
  EXPECT_TRUE(json["options"].is_array());
  EXPECT_EQ(json["from"], 0);
  EXPECT_EQ(ask("GET", "/complete?text=a&pos=x").status, 400);
  EXPECT_FALSE(body_of(ask("GET", "/fields?prefix=frame"))["fields"].empty());
}

TEST_F(ApiTest, UploadInOrderUnderQuota) {
  EXPECT_EQ(ask("POST", "/uploads", R"({"name":"x","size":999999999999})").status, 413);
  EXPECT_EQ(ask("POST", "/uploads", R"({"name":"x","size":-1})").status, 400);
  EXPECT_EQ(ask("POST", "/uploads", R"({"name":"x","size":0})").status, 400);
  const auto begun =
      body_of(ask("POST", "/uploads", R"({"name":"../../etc/a\u001b.pcap","size":6})"));
  const std::string at = "/uploads/" + *text_member(begun, "upload");
  EXPECT_EQ(ask("PUT", at + "?offset=0", "abc").body, R"({"received":3})");
  EXPECT_EQ(ask("PUT", at + "?offset=0", "abc").status, 409);
  EXPECT_EQ(ask("PUT", at, "def").status, 400);
  EXPECT_EQ(ask("POST", at + "/finish", "{}").status, 409);
  EXPECT_EQ(ask("PUT", at + "?offset=3", "defg").status, 413);
  EXPECT_EQ(ask("PUT", at + "?offset=3", "def").body, R"({"received":6})");
  EXPECT_EQ(ask("POST", at + "/finish", "{}").body, R"({"capture":"c2"})");
  EXPECT_EQ(engine.opened_name, "a.pcap");
  EXPECT_EQ(*read_private_file(engine.opened_path, 100), "abcdef");
  EXPECT_EQ(ask("PUT", at + "?offset=6", "x").status, 404);
}

TEST_F(ApiTest, AnUploadIsReadWhileItArrives) {
  engine.growing_from_bytes = 6;
  const auto begun = body_of(ask("POST", "/uploads", R"({"name":"a.pcap","size":9})"));
  const std::string at = "/uploads/" + *text_member(begun, "upload");
  EXPECT_EQ(ask("PUT", at + "?offset=0", "abc").body, R"({"received":3})");
  EXPECT_EQ(ask("PUT", at + "?offset=3", "def").body, R"({"received":6,"capture":"c2"})");
  ASSERT_TRUE(engine.growing);
  EXPECT_EQ(engine.growing->bytes_total, 9u);
  EXPECT_FALSE(engine.growing->whole);
  EXPECT_EQ(ask("PUT", at + "?offset=6", "ghi").body, R"({"received":9,"capture":"c2"})");
  EXPECT_TRUE(engine.growing->whole);
  EXPECT_EQ(ask("POST", at + "/finish", "{}").body, R"({"capture":"c2"})");
}

TEST_F(ApiTest, AnUploadThatIsNoCaptureEndsAtItsFirstBytes) {
  engine.growing_from_bytes = 0;
  engine.growing_refused = true;
  const auto begun = body_of(ask("POST", "/uploads", R"({"name":"a.txt","size":9})"));
  const std::string at = "/uploads/" + *text_member(begun, "upload");
  EXPECT_EQ(ask("PUT", at + "?offset=0", "abc").status, 400);
  EXPECT_EQ(ask("PUT", at + "?offset=3", "def").status, 404);
}

TEST_F(ApiTest, AnUploadNobodyGoesOnWithEndsItsReading) {
  const auto begun = body_of(ask("POST", "/uploads", R"({"name":"a.pcap","size":9})"));
  engine.growing_from_bytes = 0;
  ask("PUT", "/uploads/" + *text_member(begun, "upload") + "?offset=0", "abc");
  const auto growing = engine.growing;
  ASSERT_TRUE(growing);
  (void)api.uploads.begin("b", 10, steady_ns() + Uploads::kIdleMaxNs + 1'000'000'000);
  EXPECT_TRUE(growing->whole);
}

TEST_F(ApiTest, UnfinishedUploadsAreBoundedAndDeleted) {
  for (size_t i = 0; i < Uploads::kOpenMax; ++i)
    EXPECT_EQ(api.uploads.begin("a", 10, 0).status, 200);
  EXPECT_EQ(api.uploads.begin("a", 10, 0).status, 429);
  const auto files = [&] {
    size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      n += entry.path().filename().string().starts_with("upload-");
    return n;
  };
  EXPECT_EQ(files(), Uploads::kOpenMax);
  EXPECT_EQ(api.uploads.begin("a", 10, Uploads::kIdleMaxNs + 1).status, 200);
  EXPECT_EQ(files(), 1u);
}

TEST_F(ApiTest, ExportTicketIsGoodOnce) {
  const std::string id = export_done();
  const auto job = body_of(ask("GET", "/jobs/" + id));
  EXPECT_EQ(job["state"], "done");
  EXPECT_EQ(job["bytes"], 600'000);
  EXPECT_EQ(ask("GET", "/jobs/" + id + "/file?ticket=").status, 403);
  const std::string old =
      *text_member(body_of(ask("POST", "/jobs/" + id + "/ticket", "{}")), "ticket");
  EXPECT_EQ(api.exports.fetch(id, old, steady_ns() + Exports::kTicketNs + 1'000'000'000).status,
            403);
  const std::string ticket =
      *text_member(body_of(ask("POST", "/jobs/" + id + "/ticket", "{}")), "ticket");
  EXPECT_EQ(ask("GET", "/jobs/" + id + "/file?ticket=" + old).status, 403);
  Response file = ask("GET", "/jobs/" + id + "/file?ticket=" + ticket);
  ASSERT_TRUE(file.file);
  EXPECT_EQ(file.file_name, "fake__b_-export.pcapng");
  struct stat info {};
  ASSERT_EQ(::stat(file.file->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(*file.file->size_bytes(), 600'000u);
  EXPECT_EQ(ask("GET", "/jobs/" + id + "/file?ticket=" + ticket).status, 403);
  const std::string path = file.file->path();
  file.file.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ApiTest, ExportsAreCancelledAndDeletedAfterAnHour) {
  library.view->block_exports = true;
  const std::string id =
      *text_member(body_of(ask("POST", "/captures/c1/exports", R"({"format":"pcap"})")), "job");
  EXPECT_EQ(ask("DELETE", "/jobs/" + id).status, 200);
  EXPECT_TRUE(
      fakes::soon([&] { return body_of(ask("GET", "/jobs/" + id))["state"] == "cancelled"; }));
  library.view->block_exports = false;
  export_done();
  const std::string exports = folder.path() + "/exports";
  const auto count = [&] {
    return std::distance(std::filesystem::directory_iterator(exports), {});
  };
  EXPECT_EQ(count(), 1);
  (void)api.exports.start(library.view, {}, steady_ns() + Exports::kKeptNs + 60'000'000'000);
  EXPECT_TRUE(fakes::soon([&] { return api.exports.jobs(steady_ns()).size() == 1; }));
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(ask("POST", "/captures/c1/exports", R"({"format":"exe"})").status, 400);
  EXPECT_EQ(ask("POST", "/captures/c1/exports", R"({"numbers":["x"]})").status, 400);
}

TEST_F(ApiTest, ExportsLeftByAKilledRunAreDeleted) {
  const std::string left = folder.path() + "/exports/export-0123456789abcdef01234567";
  const std::string theirs = folder.path() + "/exports/export-of-mine.pcapng";
  ASSERT_TRUE(PrivateFile::create(left));
  ASSERT_TRUE(PrivateFile::create(theirs));
  Exports again(engine, folder.path() + "/exports");
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(theirs));
}

TEST_F(ApiTest, ExportsStandUnderTheDiskQuota) {
  engine.quota_used_up = true;
  const Response refused = ask("POST", "/captures/c1/exports", "{}");
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(body_of(refused)["error"], "the disk quota is used up");
  engine.quota_used_up = false;
  library.view->block_exports = true;
  const std::string id = *text_member(body_of(ask("POST", "/captures/c1/exports", "{}")), "job");
  engine.quota_used_up = true;
  JsonIn job;
  EXPECT_TRUE(fakes::soon([&] {
    job = body_of(ask("GET", "/jobs/" + id));
    return job["state"] == "failed";
  }));
  EXPECT_EQ(job["error"], "the disk quota is used up");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() + "/exports"));
}

TEST_F(ApiTest, ListingTheJobsDeletesThoseTooOld) {
  export_done();
  EXPECT_EQ(api.exports.jobs(steady_ns()).size(), 1u);
  EXPECT_TRUE(api.exports.jobs(steady_ns() + Exports::kKeptNs + 60'000'000'000).empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() + "/exports"));
}

TEST(PrivateFile, NeverThroughALink) {
  fakes::Folder folder;
  const std::string target = folder.path() + "/target", link = folder.path() + "/link";
  ASSERT_TRUE(PrivateFile::create(target));
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  EXPECT_FALSE(PrivateFile::create(link));
  EXPECT_FALSE(PrivateFile::open(link));
  EXPECT_FALSE(PrivateFile::create(target));
}

TEST(Target, DecodesAndBounds) {
  Request request;
  ASSERT_TRUE(set_target(request, "/find?q=a%20b+c%2Bd&x&=y&&z=%c3%a4"));
  EXPECT_EQ(request.path, "/find");
  EXPECT_EQ(request.value("q"), "a b c+d");
  EXPECT_EQ(request.value("z"), "\xc3\xa4");
  EXPECT_EQ(request.value("missing", "no"), "no");
  EXPECT_FALSE(set_target(request, "/find?q=%zz"));
  EXPECT_FALSE(set_target(request, "/find?q=%4"));
  std::string many = "/find?";
  for (int i = 0; i < 100; ++i) many += "a=1&";
  EXPECT_FALSE(set_target(request, many));
}

TEST_F(ApiTest, InterfacesAndPresetsAreToldAsGiven) {
  InterfaceRow row;
  row.name = std::string(fakes::kHostile);
  row.index = 7;
  row.kind = "veth";
  row.friendly = "virtual cable";
  row.addresses = {"10.0.0.1", "fe80::1"};
  row.up = row.carrier = row.is_virtual = row.usb = true;
  row.why = "no right";
  row.fix = "sudo the-fix";
  row.speed_mbps = 10'000;
  Api given{engine,
            library,
            {[row] { return std::vector<InterfaceRow>{row}; },
             {{"all", "Everything", "", "All of it."}, {"tcp", "TCP", "tcp", "Connections."}}},
            folder.path()};
  Request request;
  request.method = "GET";
  request.path = "/interfaces";
  const auto told = parse_object(given.handle(request).body).value()["interfaces"][0];
  EXPECT_EQ(told["index"], 7);
  EXPECT_EQ(told["kind"], "veth");
  EXPECT_EQ(told["addresses"].size(), 2u);
  EXPECT_EQ(told["carrier"], true);
  EXPECT_EQ(told["virtual"], true);
  EXPECT_EQ(told["usb"], true);
  EXPECT_EQ(told["fix"], "sudo the-fix");
  request.path = "/capture/presets";
  const auto presets = parse_object(given.handle(request).body).value()["presets"];
  ASSERT_EQ(presets.size(), 2u);
  EXPECT_EQ(presets[1].dump(), R"({"bpf":"tcp","key":"tcp","name":"TCP","words":"Connections."})");
  request.path = "/state";
  EXPECT_EQ(parse_object(given.handle(request).body).value()["rights"]["can_capture"], false);
}

}  // namespace
}  // namespace sp3ctra::api
