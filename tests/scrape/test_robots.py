from __future__ import annotations

from phytotron.scrape.robots import MAX_BYTES, Rules


def rules(text: str) -> Rules:
    return Rules.parse(text.encode(), "phytotron", 0.0)


def test_the_group_of_our_name_wins_over_the_one_for_all() -> None:
    both = rules("User-agent: *\nDisallow: /\n\nUser-agent: Phytotron\nDisallow: /private\n")
    assert both.refusal("http://h/open") is None
    assert both.refusal("http://h/private/a") == "robots.txt"


def test_the_longest_rule_wins_and_wildcards_count() -> None:
    mixed = rules("User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /*.pdf$\n")
    assert mixed.refusal("http://h/a/c")
    assert mixed.refusal("http://h/a/b/c") is None
    assert mixed.refusal("http://h/x.pdf")
    assert mixed.refusal("http://h/x.pdf?page=1") is None


def test_delay_and_sitemaps_are_read() -> None:
    text = "User-agent: *\nCrawl-delay: 2.5\nSitemap: http://h/one.xml\nSitemap: /two.xml\n"
    assert rules(text).delay == 2.5
    assert rules(text).sitemaps == ("http://h/one.xml", "/two.xml")


def test_a_delay_that_means_never_forbids_everything() -> None:
    assert "100000 s" in (rules("User-agent: *\nCrawl-delay: 100000\n").refusal("http://h/") or "")
    assert rules("User-agent: *\nCrawl-delay: inf\n").refusal("http://h/") is None


def test_no_file_allows_and_an_unreachable_one_forbids() -> None:
    assert Rules.absent(0.0).refusal("http://h/a") is None
    assert "status 503" in (Rules.unreachable("status 503", 0.0).refusal("http://h/a") or "")


def test_rules_within_500_kib_count_and_a_rule_that_is_cut_does_not() -> None:
    filler = "User-agent: *\n" + "# padding\n" * 51_100
    assert 500 << 10 > len(filler) > 499 << 10
    assert rules(filler + "Disallow: /a\n").refusal("http://h/a")
    cut = filler + "#" * (MAX_BYTES - len(filler) - 12) + "\nDisallow: /private\n"
    assert rules(cut).refusal("http://h/p") is None


def test_any_bytes_are_read_without_an_error() -> None:
    for body in (b"\xff\xfe\x00", b"<html>404</html>", b"\xef\xbb\xbfUser-agent: *\nDisallow: /"):
        Rules.parse(body, "phytotron", 0.0)
    marked = Rules.parse(b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "phytotron", 0.0)
    assert marked.refusal("http://h/a")


def test_wildcards_cannot_block_the_crawler() -> None:
    hostile = rules("User-agent: *\nDisallow: /" + "*a" * 500 + "*b$\n")
    assert hostile.refusal("http://h/" + "a" * 2000) is None
