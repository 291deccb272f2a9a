# SPDX-License-Identifier: GPL-3.0-or-later
# tests/bench/report.jq: from the measurements of ./bench (one object a line, slurped) to docs/benchmarks.md.
# $machine, $command and $date come from ./bench. Every figure is the median over the rounds.

def median: sort | if length == 0 then null else .[(length / 2 | floor)] end;
def figures(f): [.[] | f | select(. != null)] | median;
def round1: . * 10 | round / 10;
def us: if . == null then "–" elif . < 10000 then "\(round) µs" else "\(. / 1000 | round1) ms" end;
def mb: if . == null then "–" else "\(. / 1024 * 100 | round / 100) MB" end;
def ratio: if . == null then "–" else "\(. * 100 | round / 100)×" end;
# One at a time the typical run, several at a time what they take together.
def time: if .in_flight == 1 then .each.median else .per_run_us end;
def met(ok): if ok then "met" else "**missed**" end;

. as $all
| def runs($what; $program; $k; $ballast; f):
    [$all[] | select(.what == $what and .program == $program and .in_flight == $k and .ballast == $ballast)] | figures(f);
  def peer($name; f): [$all[] | select(.what == "peer" and .peer == $name)] | figures(f);
  def row($program; $k):
    runs("fork"; $program; $k; 0; time) as $fork
    | runs("spawn"; $program; $k; 0; time) as $spawn
    | runs("rest"; $program; $k; 0; time) as $rest
    | runs("rest"; $program; $k; 1024; time) as $large
    | runs("rest"; $program; $k; 0; .each.p99) as $p99
    | "| \($program) | \($k) | \($fork | us) | \($spawn | us) | \($rest | us) | \($large | us) | " +
      (if $rest then "\($rest - $fork | us) | \($rest / $fork | ratio)" else "– | –" end) + " | \($p99 | us) |";
  def mutex($helper; $how; f):
    [$all[] | select(.what == "mutex" and .helper == $helper and .how == $how)] | figures(f);
  def mutex_row($title; $how):
    "| \($title) | \(mutex("ours"; $how; .each.median) | us) | \(mutex("theirs"; $how; .each.median) | us) | " +
    "\(mutex("ours"; $how; .each.max) | us) | \(mutex("theirs"; $how; .each.max) | us) |";
  def callout($name; f): [$all[] | select(.what == "callout" and .program == $name)] | figures(f);
  def callout_row($title; $name):
    callout($name; .each.median) as $each | callout(if $name | endswith("memory") then "plain-memory" else "plain" end; .each.median) as $plain
    | "| \($title) | \($each | us) | \(callout($name; .each.p99) | us) | " +
      "\(if $each and $plain then ($each / $plain | ratio) else "–" end) | \(callout("statd-" + $name; .pair_us) | us) |";
  ["ctdb-processd", "s6", "runit", "supervisord"] as $peers
| def lock($whose; $kind; $locks):
    [$all[] | select(.what == "lock" and .whose == $whose and .kind == $kind and .locks == $locks)] | figures(.each.median);
  def lock_row($kind; $locks):
    lock("ours"; $kind; $locks) as $ours | lock("theirs"; $kind; $locks) as $theirs
    | "| \($kind), \($locks) | \($ours | us) | \($theirs | us) | \(if $ours then $theirs / $ours | ratio else "–" end) |";
  def across($title; f): "| \($title) | " + ([$peers[] | . as $name | f] | join(" | ")) + " |";
  ([$all[] | select(.what == "api")]) as $api
| runs("rest"; "/bin/true"; 1; 0; time) as $true_rest
| runs("fork"; "/bin/true"; 1; 0; time) as $true_bare
| runs("rest"; "/bin/true"; 1; 1024; time) as $true_large
| runs("rest"; "5 ms"; 1; 0; time) as $five_rest
| runs("fork"; "5 ms"; 1; 0; time) as $five_bare
| peer("ctdb-processd"; .respawn.median) as $respawn
| (peer("ctdb-processd"; .pss_kb - .ring_pss_kb)) as $pss
| peer("ctdb-processd"; .idle_wakeups) as $idle
| ($api | figures(.answers.p99)) as $p99
| ([$all[] | select(.what == "probe")]) as $probe
| ($probe | figures(.each.p99)) as $probe_p99
| "<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
# Benchmarks

Written by `\($command)` on \($date): \($machine). Every figure is the median of \($all | map(.round) | max) rounds;
within a round the things that are compared follow each other directly.

## Aims

| aim | measured | |
| --- | --- | --- |
| `/bin/true` through REST at most 350 µs over bare | \(if $true_rest then "\($true_rest - $true_bare | us) | \(met($true_rest - $true_bare <= 350))" else "not measured | –" end) |
| the 5 ms command through REST at most 1.15 × bare | \(if $five_rest then "\($five_rest / $five_bare | ratio) | \(met($five_rest / $five_bare <= 1.15))" else "not measured | –" end) |
| flat from 0 to 1 GB of manager memory (within 10 %) | \(if $true_large then "\($true_large / $true_rest | ratio) | \(met($true_large / $true_rest <= 1.1))" else "not measured | –" end) |
| crash → respawn with zero delay at most 5 ms | \(if $respawn then "\($respawn | us) | \(met($respawn <= 5000))" else "not measured | –" end) |
| API p99 under load at most 5 ms | \(if $p99 then "\($p99 | us) | \(met($p99 <= 5000))" else "not measured | –" end) |
| `processctl probe`, from fork to exit code, at most 10 ms (p99) | \(if $probe_p99 then "\($probe_p99 | us), median \($probe | figures(.each.median) | us), /bin/true \($true_bare | us) | \(met($probe_p99 <= 10000))" else "not measured | –" end) |
| PSS of keeper and manager with 20 services at most 6 MB, touched rings apart | \(if $pss then "\($pss | mb) | \(met($pss <= 6144))" else "not measured | –" end) |
| no wake-ups when idle | \(if $idle then "\($idle) in \(peer("ctdb-processd"; .idle_s)) s | \(met($idle == 0))" else "not measured | –" end) |

## A run through REST beside a bare spawn

Time per run, from request to the complete record in the reply: with one in flight the median, with eight the wall time of all runs
divided by their number. Bare is a small process that does nothing but start the same program and wait for it, with fork
and exec (as the keeper does, and what the differences are taken from) and with `posix_spawn`, which is vfork inside. REST is `POST /v1/runs?wait=60s` on kept connections to
the Unix socket, one connection per run in flight; it includes two pipes, the recording of output, and the record in the database.
The 2 and 5 ms commands use that much processor time themselves. \"1 GB\": the manager's memory was filled up before.

| command | in flight | bare, fork | bare, posix_spawn | REST | REST, 1 GB | over bare | ratio | p99 of REST |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
\([("/bin/true", "2 ms", "5 ms") as $p | (1, 8) as $k | row($p; $k)] | join("\n"))

## The API while the daemon is busy

`GET /v1/services` every 5 ms on one connection, while eight connections run the 5 ms command without pause and a service logs
10 MB/s: median \($api | figures(.answers.median) | us), p99 \($p99 | us), maximum \($api | figures(.answers.max) | us); \($api | figures(.runs) // "–") runs in
\($api | figures(.seconds) // "–") s went on meanwhile. The load keeps all processors busy, so every process that has slept waits for its turn: the
floor, one byte sent back by a process that does nothing else, asked just as often in the same seconds, takes \($api | figures(.echoes.median) | us), p99
\($api | figures(.echoes.p99) | us), maximum \($api | figures(.echoes.max) | us).

## A callout of rpc.statd

From exec to exit of `add-client` with one public address, started by `posix_spawn` one at a time, as rpc.statd waits for it. \"Plain\" is a
dynamic C program that does the same file work, in place and without durability, as CTDB's own from 4.21 on; ours writes beside
and renames. Debian's is CTDB 4.17's script, run by root, so without the sudo that it takes under rpc.statd. A pair is SM_MON and SM_UNMON through
Debian's rpc.statd, one after the other, which writes and syncs files of its own. The measured call replaces the record of the call before, which ext4 answers, in place and by
renaming alike, by writing it out; on a tmpfs there is no such thing, so there the programs compare. Aim, at equal file work: at most 0.9 × plain.

| callout | median | p99 | beside plain | a pair through rpc.statd |
| --- | --- | --- | --- | --- |
\([["/bin/true", "true"], ["plain C program, on a tmpfs", "plain-memory"], ["statd_callout, none, on a tmpfs", "none-memory"], ["plain C program, on disk", "plain"], ["statd_callout, none", "none"], ["statd_callout, data", "data"], ["statd_callout, dir", "dir"], ["CTDB 4.17 of Debian", "debian"]] | map(callout_row(.[0]; .[1])) | join("\n"))

## Beside other supervisors

20 services that do nothing, each supervisor with its own defaults but restarts switched on and, for ctdb-processd, `delay = \"0s\"`.
Watched from outside in the same way: start is from the supervisor's exec to main() of the last service, respawn from SIGKILL of a
service (2 s old or older) to main() of the next, PSS is of all processes but the services. s6 waits a second before any restart,
and supervisord looks once a second; runit's scan of its directory begins with a second of waiting.

| | \($peers | join(" | ")) |
| --- | --- | --- | --- | --- |
\(across("start of 20 services"; . as $n | peer($n; .start_us) | us))
\(across("respawn, median"; . as $n | peer($n; .respawn.median) | us))
\(across("respawn, worst of 20"; . as $n | peer($n; .respawn.max) | us))
\(across("PSS"; . as $n | peer($n; .pss_kb) | mb))
\(across("of it output rings"; . as $n | peer($n; .ring_pss_kb) | mb))
\(across("processes"; . as $n | peer($n; .processes) | "\(. // "–")"))
\(across("wake-ups while idle"; . as $n | "\(peer($n; .idle_wakeups) // "–") in \(peer($n; .idle_s) // "–") s"))

## A lock helper, from its start to its byte

`ctdb_lock_helper` beside the one that comes with Debian's CTDB, started in the same way for a free lock of a database with the size
and flags of ctdbd's. A client of a contended record waits for this long on top of the wait for the lock.

| lock | ours | CTDB's | ratio |
| --- | --- | --- | --- |
\([("record", "database") as $k | ("fcntl", "mutex") as $l | lock_row($k; $l)] | join("\n"))

## The fcntl mutex helper beside CTDB's

From fork in a small process to the byte, and from SIGKILL of the holder's parent, which stands for the recovery daemon, to the end
of the holder: until then no other node can lead. CTDB's helper looks for its parent every 5 s.

| | ours, median | CTDB's, median | ours, worst | CTDB's, worst |
| --- | --- | --- | --- | --- |
\(mutex_row("taken"; "take"))
\(mutex_row("contended"; "contend"))
\(mutex_row("let go after the parent's death"; "orphan"))
"
