from __future__ import annotations

import gzip
import json
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.settings import crawl_config
from warcio.archiveiterator import ArchiveIterator

from phytotron.errors import UserError
from phytotron.scrape.crawl import crawl
from phytotron.scrape.dispatch import Clock
from phytotron.scrape.outcome import CrawlSummary
from phytotron.scrape.robots import MAX_AGE
from phytotron.scrape.server import SnapshotServer
from phytotron.scrape.settings import CrawlConfig


class Visit:
    """A finished crawl: its summary, and the files that it wrote."""

    def __init__(self, config: CrawlConfig, out: Path, **options: Any) -> None:
        self.summary: CrawlSummary = crawl(config, out, **options)
        self.warc = (out / "pages.warc.gz").read_bytes()
        self.json = json.loads((out / "crawl.json").read_text())

    def bodies(self) -> dict[str, str]:
        """The text of every archived response by its path."""
        return dict(archived(self.warc))

    def why(self) -> dict[str, str]:
        """The reason of every address that was refused, failed or skipped, by its path."""
        return {"/" + url.split("/", 3)[3]: why for url, why in self.json["reasons"].items()}


def archived(warc: bytes) -> Iterator[tuple[str, str]]:
    import io

    for record in ArchiveIterator(io.BytesIO(warc)):
        url = record.rec_headers.get_header("WARC-Target-URI")
        yield "/" + url.split("/", 3)[3], record.content_stream().read().decode("latin-1")


def page(*links: str) -> str:
    return "<p>text" + "".join(f'<a href="{link}">x</a>' for link in links)


@pytest.fixture
def visit(site, tmp_path):
    def go(**changes: Any) -> Visit:
        options = {key: changes.pop(key) for key in ("clock",) if key in changes}
        return Visit(site(**changes), tmp_path / "out", **options)

    return go


# --- where it goes ------------------------------------------------------------------------------


def test_every_page_that_is_linked_is_fetched_once(server, visit) -> None:
    server.routes |= {
        "/": page("/a", "b", "./b#part", "c?x=1"),
        "/a": page("/", "/c"),
        "/b": page("/c", "http://elsewhere.invalid/"),
        "/c": page("/a"),
    }
    done = visit()
    assert sorted(server.paths()) == ["/", "/a", "/b", "/c", "/c?x=1"]
    assert list(done.bodies()) == ["/", "/a", "/b", "/c"]
    assert done.why() == {"/c?x=1": "status 404"}
    assert (done.summary.pages, done.json["fetched"]) == (4, 4)
    assert done.json["bytes"] == sum(len(text) for text in done.bodies().values())


def test_the_files_do_not_depend_on_threads_or_on_the_order_of_responses(
    server, site, tmp_path, answer
) -> None:
    def slow_when_even(request):
        number = int(request.path.rpartition("/")[2])
        if number % 2 == 0:
            server.stopping.wait(0.01 * (request.number + 1))
        return answer(page(f"/{number * 2}", f"/{number * 2 + 1}", f"/{number + 7}"))

    for number in range(1, 64):
        server.routes[f"/{number}"] = slow_when_even
    server.routes["/"] = page("/1")
    limits = {"max_pages": 40, "max_total_bytes": 2500}
    one = Visit(site(concurrency=1, **limits), tmp_path / "one")
    four = Visit(site(concurrency=4, **limits), tmp_path / "four")
    assert one.warc == four.warc
    assert one.json == four.json
    assert one.json["limits"] == ["max_pages", "max_total_bytes"]
    assert one.json["bytes"] <= 2500


def test_include_and_exclude_hold_for_links_but_not_for_start_pages(server, visit) -> None:
    server.routes |= {"/": page("/docs/a", "/docs/old/b", "/blog"), "/docs/a": "a"}
    visit(include=["^/docs/"], exclude=["/old/"])
    assert server.paths() == ["/", "/docs/a"]


def test_the_depth_is_limited(server, visit) -> None:
    server.routes |= {f"/{n}": page(f"/{n + 1}") for n in range(9)} | {"/": page("/0", "/2")}
    done = visit(max_depth=2)
    assert set(server.paths()) == {"/", "/0", "/2", "/1", "/3"}
    assert done.json["limits"] == ["max_depth"]


def test_the_number_of_pages_is_limited_in_a_trap(server, visit, answer) -> None:
    def trap(request):
        return answer(page(*(f"{request.path}{n}/" for n in range(5))))

    server.routes["/"] = trap
    for path in ("/0/", "/1/", "/2/", "/3/", "/4/", "/0/0/", "/0/1/"):
        server.routes[path] = trap
    done = visit(max_pages=8)
    assert len(server.paths()) == 8
    assert done.json["limits"] == ["max_pages"]


def test_base_canonical_nofollow_and_noindex_are_obeyed(server, visit) -> None:
    server.routes |= {
        "/": '<base href="/deep/"><a href="a">1</a><a href="/b" rel="nofollow">2</a>',
        "/deep/a": page("/hidden", "/leaf", "/copy", "/original"),
        "/hidden": '<meta name="robots" content="noindex">' + page("/linked"),
        "/linked": "found",
        "/leaf": '<meta name="robots" content="nofollow">' + page("/never"),
        "/copy": '<link rel="canonical" href="/original">',
        "/original": '<link rel="canonical" href="/original">',
        "/never": "",
    }
    done = visit()
    assert "/b" not in server.paths()
    assert "/never" not in server.paths()
    assert list(done.bodies()) == ["/", "/deep/a", "/leaf", "/linked", "/original"]
    assert done.why() == {"/hidden": "noindex"}
    assert done.json["duplicates"] == {f"{server.root}/copy": f"{server.root}/original"}


def test_a_page_is_kept_when_its_canonical_page_is_not_available(server, visit) -> None:
    server.routes |= {
        "/": page("/a", "/b", "/c"),
        "/a": '<link rel="canonical" href="/missing">',
        "/b": '<link rel="canonical" href="/c">',
        "/c": '<link rel="canonical" href="/b">',
    }
    assert list(visit().bodies()) == ["/", "/a", "/b", "/c"]


def test_pages_of_sitemaps_are_start_pages(server, visit, answer) -> None:
    index = "<sitemapindex><sitemap><loc>{0}/{1}</loc></sitemap></sitemapindex>"
    pages = "<urlset><url><loc>{0}/only-here</loc></url><url><loc>http://x.invalid/</loc></url></urlset>"
    packed = gzip.compress(pages.format(server.root).encode())
    server.routes |= {
        "/robots.txt": f"User-agent: *\nSitemap: {server.root}/listed.xml",
        "/listed.xml": index.format(server.root, "pages.xml.gz"),
        "/sitemap.xml": index.format(server.root, "sitemap.xml"),
        "/pages.xml.gz": answer(packed, {"Content-Type": "application/gzip"}),
        "/": "start",
        "/only-here": "found",
    }
    done = visit(use_sitemaps=True)
    archive = ["/", "/listed.xml", "/only-here", "/pages.xml.gz", "/robots.txt", "/sitemap.xml"]
    assert list(done.bodies()) == archive
    assert done.summary.pages == 2
    assert max(server.hits.values()) == 1


# --- redirects ----------------------------------------------------------------------------------


@pytest.fixture
def moved(answer):
    return lambda to, status="302 Found": answer("", {"Location": to}, status)


def test_redirects_are_followed_and_each_address_is_requested_once(server, visit, moved) -> None:
    server.routes |= {
        "/": moved("/home", "301 Moved Permanently"),
        "/home": page("/old", "/older", "/new"),
        "/old": moved("new#part"),
        "/older": moved("/old", "308 Permanent Redirect"),
        "/new": "here",
    }
    done = visit()
    assert list(done.bodies()) == ["/home", "/new"]
    assert max(server.hits.values()) == 1
    assert len(done.json["redirects"]) == 3
    assert done.why() == {}


def test_kinds_of_failing_redirects_have_different_reasons(server, visit, answer, moved) -> None:
    server.routes |= {
        "/": page("/loop-a", "/self", "/chain0", "/off", "/none", "/odd"),
        "/loop-a": moved("/loop-b"),
        "/loop-b": moved("/loop-a"),
        "/self": moved("/self"),
        "/off": moved("http://elsewhere.invalid/"),
        "/none": answer("", status="302 Found"),
        "/odd": moved("ftp://h/x"),
    } | {f"/chain{n}": moved(f"/chain{n + 1}") for n in range(5)}
    why = visit(max_redirects=3).why()
    assert why == {
        "/loop-a": "redirect loop",
        "/loop-b": "redirect loop",
        "/self": "redirect loop",
        "/chain3": "too many redirects",
        "/off": "redirect off the site",
        "/none": "redirect without a usable address",
        "/odd": "redirect without a usable address",
    }


def test_no_redirect_leads_to_the_cloud_metadata(server, visit, moved) -> None:
    server.routes |= {"/": page("/steal"), "/steal": moved("http://169.254.169.254/latest/")}
    assert visit().why() == {"/steal": "redirect off the site"}
    allowed = visit(allowed_hosts=["127.0.0.1", "169.254.169.254"])
    assert allowed.why() == {"/latest/": "robots.txt cannot be fetched (link-local address)"}


# --- robots.txt ---------------------------------------------------------------------------------


def test_addresses_that_robots_txt_forbids_are_not_requested(server, visit, moved) -> None:
    server.routes |= {
        "/robots.txt": "User-agent: *\nDisallow: /private\n",
        "/": page("/private/a", "/open"),
        "/open": moved("/private/b"),
    }
    done = visit()
    assert server.paths() == ["/", "/open"]
    assert done.why() == {"/private/a": "robots.txt", "/private/b": "robots.txt"}
    assert done.json["refused"] == {"robots.txt": 2}
    assert "/robots.txt" in done.bodies()


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone", "401 No"])
def test_a_missing_robots_txt_allows_everything(server, visit, status, answer) -> None:
    server.routes |= {"/robots.txt": answer("User-agent: *\nDisallow: /", status=status), "/": "a"}
    assert visit().summary.pages == 1


@pytest.mark.parametrize("status", ["500 Oh", "503 Later", "429 Slow down"])
def test_an_unavailable_robots_txt_forbids_everything(server, visit, status, answer) -> None:
    server.routes |= {"/robots.txt": answer(status=status), "/": "a"}
    with pytest.raises(UserError, match=r"robots\.txt cannot be fetched"):
        visit()
    assert server.paths() == []


def test_robots_txt_may_be_moved_five_times(server, visit, moved) -> None:
    server.routes |= {f"/r{n}": moved(f"/r{n + 1}") for n in range(1, 5)}
    server.routes |= {
        "/robots.txt": moved("/r1"),
        "/r5": "User-agent: *\nDisallow: /private\n",
        "/": page("/private"),
    }
    assert visit().why() == {"/private": "robots.txt"}
    server.routes["/r5"] = moved("/r6")
    server.routes["/r6"] = "User-agent: *\nDisallow: /\n"
    server.routes["/private"] = "allowed: the sixth redirect is one too many"
    assert visit(max_pages=9).summary.pages == 2


class DayClock(Clock):
    """A clock whose date can be set, and which does not wait."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def get(self, results: queue.SimpleQueue, seconds: float | None, busy: bool) -> Any:
        if busy or seconds is None:
            return super().get(results, seconds, busy)
        self.ahead += seconds
        raise queue.Empty


def test_the_rules_hold_for_a_day(server, visit) -> None:
    clock = DayClock()
    server.routes |= {"/robots.txt": "User-agent: *\nDisallow: /private", "/": "a"}
    visit(clock=clock)
    visit(clock=clock)
    assert server.hits["/robots.txt"] == 1
    clock.ahead = MAX_AGE + 1
    visit(clock=clock)
    assert server.hits["/robots.txt"] == 2


def test_the_rules_are_read_again_when_a_crawl_takes_days(server, visit, answer) -> None:
    clock = DayClock()

    def next_day(request):
        clock.ahead += MAX_AGE + 1
        server.routes["/robots.txt"] = "User-agent: *\nDisallow: /a"
        return answer(page("/a"))

    server.routes |= {"/robots.txt": "User-agent: *\nDisallow:", "/": next_day}
    assert visit(clock=clock).why() == {"/a": "robots.txt"}


def test_a_crawl_delay_is_kept(server, visit) -> None:
    clock = DayClock()
    server.routes |= {
        "/robots.txt": "User-agent: *\nCrawl-delay: 30\n",
        "/": page("/a", "/b"),
        "/a": "",
        "/b": "",
    }
    visit(clock=clock, concurrency=4)
    assert 59 < clock.ahead < 150


# --- what cannot hurt it ------------------------------------------------------------------------


def test_hostile_pages_have_reasons_and_the_others_are_fetched(server, visit, answer) -> None:
    bomb = gzip.compress(bytes(3_000_000))

    def broken(request):
        request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nabc")

    def drip(request):
        request.send(b"HTTP/1.1 200 OK\r\n")
        while not server.stopping.wait(0.02):
            request.send(b"X: y\r\n")

    hostile = {
        "/bomb": answer(bomb, {"Content-Encoding": "gzip"}),
        "/deep": "<div>" * 200_000,
        "/tag": "<div " + "a " * 100_000 + ">",
        "/image": answer(b"\x89PNG", {"Content-Type": "image/png"}),
        "/odd-type": answer("x", {"Content-Type": "a b\x7f c"}),
        "/untyped-binary": answer(b"\x00\x01", {"Content-Type": ""}),
        "/brotli": answer("x", {"Content-Encoding": "br"}),
        "/cut": broken,
        "/drip": drip,
        "/gone": answer(status="410 Gone"),
        "/error": answer(status="500 Oh"),
        "/login": answer(status="401 No"),
    }
    good = {
        "/untyped": answer("<html>text", {"Content-Type": ""}),
        "/feed": answer("<rss/>", {"Content-Type": "application/rss+xml"}),
        "/utf-16": answer(page("/from-utf-16").encode("utf-16"), {"Content-Type": "text/html"}),
        "/wrong-label": answer(b"\xff" + page("/from-wrong").encode(), {}),
        "/empty": "",
        "/from-utf-16": "a",
        "/from-wrong": "b",
    }
    server.routes |= hostile | good | {"/": page(*hostile, *good)}
    done = visit(max_page_bytes=2_000_000, timeout=0.5)
    assert set(done.bodies()) == {"/", *good}
    assert done.why() == {
        "/bomb": "larger than 2000000 bytes",
        "/deep": "nested deeper than 512 elements",
        "/tag": "a tag has more than 512 attributes",
        "/image": "content type image/png",
        "/odd-type": "content type unknown",
        "/untyped-binary": "no content type",
        "/brotli": "unknown content encoding",
        "/cut": "body ends too early",
        "/drip": "took too long",
        "/gone": "status 410",
        "/error": "status 500",
        "/login": "status 401",
    }
    assert server.hits["/error"] == 2
    assert server.hits["/gone"] == 1


def test_a_server_that_asks_to_wait_is_retried_after_that_time(server, visit, answer) -> None:
    clock = DayClock()

    def busy(request):
        if request.number == 1:
            return answer("", {"Retry-After": "120"}, "429 Too Many Requests")
        if request.number == 2:
            date = time.gmtime(clock.wall() + 240)
            stamp = time.strftime("%a, %d %b %Y %H:%M:%S GMT", date)
            return answer("", {"Retry-After": stamp}, "503 Service Unavailable")
        return answer("at last")

    server.routes["/"] = busy
    assert visit(clock=clock, retries=2).bodies() == {"/": "at last"}
    assert 355 < clock.ahead < 400


# --- when nothing is available ------------------------------------------------------------------


def test_a_site_that_forbids_everything(server, visit) -> None:
    server.routes |= {"/robots.txt": "User-agent: *\nDisallow: /", "/": "a"}
    with pytest.raises(UserError, match=r"robots\.txt forbids"):
        visit()


def test_a_site_that_is_down(site, tmp_path) -> None:
    config = site(start_urls=["http://127.0.0.1:9/"])
    with pytest.raises(UserError, match="connection refused"):
        crawl(config, tmp_path / "out")
    assert not (tmp_path / "out" / "pages.warc.gz").exists()


def test_a_site_that_is_elsewhere(server, visit, moved) -> None:
    server.routes["/"] = moved("http://www.elsewhere.invalid/")
    with pytest.raises(UserError, match=r"redirects to http://www\.elsewhere\.invalid/"):
        visit()


def test_a_site_that_goes_down_in_the_middle_can_be_finished_later(
    server, site, tmp_path, answer
) -> None:
    numbers = [f"/{number}" for number in range(60)]

    up = [True]
    answered = []

    def sometimes(request):
        if request.path == "/30" and up[0]:
            up[0] = False
            server.stop_listening()
        if not up[0]:
            return None
        answered.append(request.path)
        return answer(request.path)

    server.routes |= {"/": page(*numbers)} | dict.fromkeys(numbers, sometimes)
    config = site(retries=0)
    with pytest.raises(UserError, match="no longer answers"):
        crawl(config, tmp_path / "out")
    assert not (tmp_path / "out" / "pages.warc.gz").exists()
    server.listen_again()
    server.routes["/30"] = answer("back")
    up[0] = True
    assert crawl(config, tmp_path / "out").pages == 61
    assert len(answered) == len(set(answered)) == 59  # nothing was sent twice


def test_the_files_of_an_earlier_crawl_are_kept_when_this_one_fails(
    server, visit, tmp_path
) -> None:
    server.routes["/"] = "a"
    before = visit().warc
    server.routes["/robots.txt"] = "User-agent: *\nDisallow: /"
    clock = DayClock()
    clock.ahead = MAX_AGE + 1
    with pytest.raises(UserError):
        visit(clock=clock)
    assert (tmp_path / "out" / "pages.warc.gz").read_bytes() == before


# --- again --------------------------------------------------------------------------------------


def test_a_second_crawl_only_revalidates_pages(server, visit, answer) -> None:
    def tagged(request):
        if request.headers.get("if-none-match") == '"1"':
            return answer("", {"Content-Length": ""}, "304 Not Modified")
        return answer(page("/dated"), {"ETag": '"1"'})

    def dated(request):
        if "if-modified-since" in request.headers:
            return answer("", {"Content-Length": ""}, "304 Not Modified")
        return answer(page("/plain"), {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"})

    server.routes |= {"/": tagged, "/dated": dated, "/plain": "first"}
    first = visit()
    second = visit()
    assert second.warc == first.warc
    assert second.json == first.json
    assert second.summary.unchanged == 2
    server.routes["/plain"] = "second"
    third = visit()
    assert third.bodies()["/plain"] == "second"
    assert third.summary.unchanged == 2


def test_the_bundled_site_has_the_same_bytes_on_every_port(tmp_path, small_archive) -> None:
    config = crawl_config(
        name="bundled",
        start_urls=("http://docs.phytotron.test/index.html",),
        archive=small_archive,
        host="docs.phytotron.test",
        delay=0.0,
    )
    first = Visit(config, tmp_path / "one")
    with SnapshotServer(small_archive):  # takes another port
        second = Visit(config, tmp_path / "two")
    assert first.warc == second.warc
    assert first.json == second.json
    assert str(tmp_path) not in json.dumps(first.json)
    assert "127.0.0.1" not in gzip.decompress(first.warc).decode("latin-1")
    assert set(first.bodies()) == {"/index.html", "/a/b.html"}


@pytest.fixture
def small_archive(tmp_path: Path) -> Path:
    import hashlib
    import io
    import tarfile

    path = tmp_path / "site.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for name, text in {"index.html": page("a/b.html"), "a/b.html": "b"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("SHA256SUMS").write_text(f"{digest}  {path.name}\n")
    return path
