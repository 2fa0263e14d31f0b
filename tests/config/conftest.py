"""A small project with the repository's shape, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

FILES = {
    "params.yaml": """\
        site: router
        experiments:
          - router/cnn
          - router/forest
        overrides: []
        seed: 3
        """,
    "dvc.yaml": """\
        stages:
          scrape:
            params:
              - build/config/pipeline.yaml:
                  - site.name
                  - site.delay
          train:
            params:
              - build/config/${item.experiment}.yaml:
                  - model
        """,
    "conf/pipeline.yaml": """\
        defaults:
          - _self_
          - site: router
        seed: 0
        compare:
          alpha: 0.05   # level of the test
          baseline: router/forest
          permutations: 10
        """,
    "conf/site/router.yaml": """\
        name: router
        delay: 0.5   # seconds between requests
        archive: null
        host: null
        start_urls: [https://example.org/]
        allowed_hosts: [example.org]
        include: []
        exclude: []
        use_sitemaps: true
        max_pages: 5
        max_depth: 5
        max_page_bytes: 1000
        max_total_bytes: 1000
        max_redirects: 5
        concurrency: 1
        timeout: 1.0
        retries: 0
        backoff: 0.0
        user_agent: phytotron/0.1
        allow_private: false
        content: [{match: ^/, select: main}]
        labels:
          - {match: ^/guide/, label: guide}
          - {match: ^/old/, label: null}
        min_pages_per_label: 1
        min_paragraphs_per_label: 1
        """,
    "conf/config.yaml": """\
        defaults:
          - _self_
          - model: null
          - trainer: null
          - experiment: null
        seed: 0
        model: null
        trainer: null
        card: null
        """,
    "conf/model/cnn.yaml": """\
        _target_: collections.OrderedDict
        width: 64   # channels
        dropout: 0.1
        """,
    "conf/model/forest.yaml": """\
        _target_: collections.OrderedDict
        trees: 100
        """,
    "conf/trainer/cpu.yaml": """\
        max_epochs: 5   # how often all samples are seen
        precision: 32-true
        accelerator: cpu
        devices: 1
        num_nodes: null
        strategy: auto
        compile: null
        channels_last: false
        check_val_every_n_epoch: 1
        gradient_clip_val: null
        gradient_clip_algorithm: norm
        accumulate_grad_batches: 1
        log_every_n_steps: 50
        threads: 1
        """,
    "conf/trainer/gpu.yaml": """\
        max_epochs: 9
        precision: bf16-mixed
        accelerator: cpu
        devices: 1
        num_nodes: null
        strategy: auto
        compile: null
        channels_last: false
        check_val_every_n_epoch: 1
        gradient_clip_val: null
        gradient_clip_algorithm: norm
        accumulate_grad_batches: 1
        log_every_n_steps: 50
        threads: 1
        """,
    "conf/experiment/router/cnn.yaml": """\
        # @package _global_
        # A network.
        defaults:
          - override /model: cnn
          - override /trainer: cpu
        model:
          width: 32
        card:
          metric: test/macro_f1
          goal: max
        """,
    "conf/experiment/router/forest.yaml": """\
        # @package _global_
        # A forest.
        defaults:
          - override /model: forest
        card:
          metric: test/macro_f1
          goal: max
        """,
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two experiments, one of which has no trainer; it is the current folder."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.splitlines(keepends=True)
        path.write_text("".join(line.removeprefix(" " * 8) for line in lines))
    monkeypatch.chdir(tmp_path)
    return tmp_path
