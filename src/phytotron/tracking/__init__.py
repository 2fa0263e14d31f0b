"""The way of a training's metrics to MLflow, and why it is not `mlflow.log_metric`.

A training must not wait for a tracking server, must not fail because of one, and must not count a
step twice when it is killed and resumed. So training and MLflow never meet:

    training  ──appends──>  journal  ──reads──>  sender  ──sends──>  MLflow
    (1st process)           (a file)             (2nd process)       (SQLite or a server)

Training appends what it measures to a file, which costs microseconds. A second process reads the
file and brings MLflow up to it, however late, and as often as it takes.

| module | what it does |
|---|---|
| `journal` | the file: its format, who may write it, whether its training runs, what is unsent |
| `watch` | `watched(...)` keeps the journal of a block of code and starts the sender |
| `sender` | the second process: follows a journal, survives an absent store; sends old ones later |
| `live` | one journal becomes one MLflow run, each record once; requests of a size |
| `machine_monitor` | load and memory of processor and GPUs, which the sender samples |
| `store`, `schema`, `sqlite_file` | open MLflow's store; create, check and recognise its database |
| `lease` | one writer at a time over several machines, for registrations and promotions |
| `environment` | MLflow's settings, and the names of our tags |
| `provenance` | the commit, lock files and data that a run comes from |

What is promised after a crash:

- **The training is killed.** The journal has every line but perhaps the last. The sender notices
  within a second and marks the run KILLED. Resumed, the training continues in the same journal and
  the same run. It repeats the steps since its checkpoint bit for bit, so what the journal has is
  not written again.
- **The sender is killed.** The training starts another one, which sends the last batch again;
  MLflow keeps one of equal metrics.
- **Both are killed**, as by a power cut. The run stays RUNNING with an old `phytotron.heartbeat`
  until the stage `register`, or `python -m phytotron.tracking.sender --all`, sends the rest and
  marks it KILLED. Lines of the last seconds may be lost: they are not flushed one by one.
- **The store is away, full or read-only.** One line on standard error; training continues, and all
  is sent when the store is back. A journal is removed only when MLflow has all of it.
- **The whole machine is lost.** So is its journal; the run stays RUNNING.

`training.journal_logger` passes to the journal what a Lightning task logs. The registry of models,
which also uses `store`, is `phytotron.registry`.
"""
