from phytotron.report import facts


def test_pages_are_followed_from_the_crawl_to_the_documents(project, read) -> None:
    assert facts.pages(read(project())) == [
        ("fetched", "4,500"),
        ("bytes", "90.1 MB"),
        ("refused: robots.txt", "1"),
        ("failed: status 404", "2"),
        ("copies of their canonical page", "1"),
        ("dropped: no label", "975"),
        ("dropped: no text", "1"),
        ("kept", "3,362"),
        ("limit reached", "max_pages"),
    ]


def test_paragraphs_are_followed_from_the_documents_to_the_splits(project, read) -> None:
    assert facts.paragraphs(read(project())) == [
        ("extracted", "183,622"),
        ("dropped: too short", "70,465"),
        ("dropped: exact duplicates", "8,462"),
        ("kept", "102,022"),
        ("removed from train: copies across splits", "30"),
        ("removed from train: near-copies across splits", "12"),
        ("removed from validation: copies across splits", "5"),
    ]


def test_another_crawler_s_summary_may_lack_all_of_it(project, read, change) -> None:
    root = project()
    (root / "data/raw/crawl.json").write_text("{}")
    (root / "data/interim/cleaning.json").write_text("{}")
    inputs = read(root)
    assert facts.pages(inputs) == facts.rules(inputs.cleaning) == []
    assert facts.unread(inputs) == ([], 0)


def test_rules_that_changed_most_come_first(project, read) -> None:
    assert [(rule.name, rule.changed) for rule in facts.rules(read(project()).cleaning)] == [
        ("permalinks", 700),
        ("versions", 30),
    ]


def test_pages_that_could_not_be_used_are_named_with_the_reason(project, read) -> None:
    rows, number = facts.unread(read(project()), most=2)
    assert rows == [
        ("http://docs.phytotron.test/empty", "no text"),
        ("http://docs.phytotron.test/private", "robots.txt"),
    ]
    assert number == 4


def test_splits_come_from_the_manifest(project, read) -> None:
    found = facts.splits(read(project()).manifest)
    assert [split.name for split in found] == ["train", "validation", "test"]
    assert found[0].labels["python/howto"] == 50


def test_the_leak_check_s_verdict_says_what_was_removed(project, read) -> None:
    assert facts.leak_verdict(read(project()).manifest) == (
        "clean, after paragraphs that have a copy or nearly one in another split were removed "
        "(42 of train and 5 of validation)"
    )
    assert facts.leak_verdict({"splits": {}}) is None
