"""Mistakes of plugin authors, each with the plugin that makes it and what is said of it in four ways."""
import typing


class Mistake(typing.NamedTuple):
    what: str
    file: str  # of tests/defects, or one that the test makes
    says: str  # what is said where it is refused or warned about; with {F} for the file's path
    # By `plugins inspect`, by `check`, by the start of a host, and by a host that runs when the file is replaced:
    # x refused, w taken with a warning, . taken without a word, - not tried
    ways: str = "xxxx"


ENDS = "plugin ends the process when probed: {F}: got "
HANGS = "plugin hangs when probed: {F}: got no return within 5000 ms from "
CHANGES = "plugin changes the process: {F}: got "
ID = "{F}: org.example.defect: "

DESCRIBED = (
    Mistake("the entry begins with another magic", "wrong_magic", "wrong magic: {F}: got 0x44414542"),
    Mistake("a newer major of the ABI", "newer_major", "ABI major: {F}: got 2, want 1"),
    Mistake("only the symbol of a newer ABI", "newer_symbol", "newer ABI: {F}: got stipend_entry_v2"),
    Mistake("no entry symbol", "no_symbol", "no plugin: {F}: got a library without the symbol stipend_entry_v1"),
    Mistake("a short entry", "small_entry", "entry too small: {F}: got 24 bytes"),
    Mistake("a function of a table is NULL", "null_function", "missing function: {F}: got NULL for lifecycle.create"),
    Mistake("no plugins in the library", "no_plugins", "number of plugins: {F}: got 0"),
    Mistake("describe returns NULL", "null_descriptor", "missing descriptor: {F}: got NULL for plugin 0"),
    Mistake("no kinds", "no_kinds", "{F}: org.example.defect"),
    Mistake("an unknown kind", "unknown_kind", "unknown kind: " + ID + "got stipend.policy/9"),
    Mistake("an empty id", "empty_id", 'plugin id: {F}: got ""'),
    Mistake("an id that is none", "bad_id", 'plugin id: {F}: got "Not An Id"'),
    Mistake("one id twice", "duplicate_id", "duplicate plugin id: {F}: got org.example.defect twice"),
    Mistake("no version", "no_version", ID + "got no version", "wwww"),
    Mistake("a symbol that is nowhere", "unresolved", "got undefined symbol: nobody_defines_this"),
)

SCHEMAS = (
    Mistake("no JSON", "schema_no_json", "not JSON at byte 8"),
    Mistake("a keyword misspelt", "bad_schema", 'unknown keyword "propertys"'),
    Mistake("a reference to another file", "schema_remote_ref", '$ref: got "https://example.org/a.json"'),
    Mistake("a reference to nothing", "schema_dangling_ref", '$ref: got "#/$defs/gone"'),
    Mistake("references in a loop", "schema_ref_loop", "$ref: a schema refers to itself without end"),
    Mistake("a pattern that is none", "schema_bad_pattern", "#/properties/a/pattern: not a regular expression"),
    Mistake("too deep", "schema_too_deep", "nested deeper than 32"),
    Mistake("unknown keys pass", "open_schema", ID + "config schema lets unknown keys pass at #", "wwww"),
    Mistake("a good reference", "schema_good_ref", "", "...."),
    Mistake("alternatives", "schema_one_of", "", "...."),
    Mistake("a pattern that would explode", "schema_heavy_pattern", "", "...."),
)

DECIDED = (
    Mistake("the action 0", "action_zero", "decide: " + ID + "action: got 0, want PAY, SKIP or HOLD"),
    Mistake("an unknown action", "bad_action", "decide: " + ID + "action: got 42, want PAY, SKIP or HOLD"),
    Mistake("a negative amount", "negative_amount", "decide: " + ID + "amount_usd_e8: got -1"),
    Mistake("SKIP with an amount", "skip_with_amount", "decide: " + ID + "amount_usd_e8: got an amount without PAY"),
    Mistake("a negative delay", "negative_delay", "decide: " + ID + "delay_ns: got -1"),
    Mistake("a delay of centuries", "endless_delay", "decide: " + ID + "delay_ns: got 9223372036854775807"),
    Mistake("an uptime above all", "uptime_above_all", "decide: " + ID + "uptime_ppm: got 1000001, want 0 .. 1000000"),
    Mistake("a text without end", "dirty_text", "decide: " + ID + "tier: got an unterminated text"),
    Mistake("more than its own bound", "above_bounds", "decide: " + ID + "got 11 USD for a sample"),
    Mistake("sooner than its own bound", "sooner_than_bounds", "decide: " + ID + "got the next due time after "),
    Mistake("a count in the reason", "counts_in_reason", "policy is not deterministic: " + ID + "got reason "),
    Mistake("a clock in the reason", "clock_in_reason", "policy is not deterministic: " + ID + "got reason "),
    Mistake("the order in the memory", "order_in_memory", "policy is not deterministic: " + ID + "got memory byte 5"),
    Mistake("the batch in the tier", "batch_in_tier", "policy is not deterministic: " + ID + "got tier "),
    Mistake("the instance in the delay", "instance_in_delay", "policy is not deterministic: " + ID + "got delay_ns "),
    Mistake("writes behind a record", "writes_behind", "got a write at byte 336 of stipend_decision"),
    Mistake("writes before a record", "writes_before", "got a write at byte -8 of stipend_decision"),
    Mistake("reads behind a text", "reads_behind_config", "got a read at byte 2 of config_json"),
)

CALLED = (
    Mistake("crashes in a constructor", "crash_in_constructor", ENDS + "signal 11 (Segmentation fault) in load"),
    Mistake("aborts in a constructor", "abort_in_constructor", ENDS + "signal 6 (Aborted) in load"),
    Mistake("exits in a constructor", "exit_in_constructor", ENDS + "exit status 7 in load"),
    Mistake("crashes in init", "crash_in_init", ENDS + "signal 11 (Segmentation fault) in init"),
    Mistake("exits in init", "exit_in_init", ENDS + "exit status 0 in init"),
    Mistake("leaves in init without exit handlers", "leave_in_init", ENDS + "exit status 0 in init"),
    Mistake("init fails", "failing_init", "init: {F}: no licence found"),
    Mistake("crashes in create", "crash_in_create", ENDS + "signal 8 (Floating point exception) in create"),
    Mistake("exits in create", "exit_in_create", ENDS + "exit status 0 in create"),
    Mistake("create succeeds without an instance", "null_instance", "create: " + ID + "got success and no instance"),
    Mistake("an error text without end", "endless_error_text", "create: " + ID + "xxxxxxxx"),
    Mistake("an unknown status", "status_seven", "create: " + ID),
    Mistake("crashes in start", "crash_in_start", ENDS + "signal 11 (Segmentation fault) in start"),
    Mistake("aborts in start", "abort_in_start", ENDS + "signal 6 (Aborted) in start"),
    Mistake("get_interface returns NULL", "no_table", "get_interface: " + ID + "got no whole table for stipend.policy/1"),
    Mistake("crashes in decide", "crash_in_decide", ENDS + "signal 11 (Segmentation fault) in decide"),
    Mistake("exits in decide", "exit_in_decide", ENDS + "exit status 0 in decide"),
    Mistake("exits in destroy", "leave_in_destroy", ENDS + "exit status 0 in destroy"),
    Mistake("crashes in deinit", "crash_in_deinit", ENDS + "signal 7 (Bus error) in deinit"),
    Mistake("crashes at exit", "crash_at_exit", ENDS + "signal 11 (Segmentation fault) in the exit handlers"),
    Mistake("an exception through C", "throws", "got an exception through the ABI, want a status (boom)"),
    Mistake("an exception through C, with a runtime of its own", "throws_static", ENDS + "signal 6 (Aborted) in check_config"),
    Mistake("hangs in a constructor", "hang_in_constructor", HANGS + "load"),
    Mistake("loops in init", "loop_in_init", HANGS + "init", "x--x"),
    Mistake("sleeps in decide", "sleeps_in_decide", HANGS + "decide"),
    Mistake("loops in decide", "loops_in_decide", HANGS + "decide", "x--x"),
    Mistake("hangs in quiesce", "hang_in_quiesce", HANGS + "quiesce"),
)

LEFT = (
    Mistake("forks at load", "forks_at_load", "plugin leaves processes behind: {F}: got 1 process"),
    Mistake("starts a daemon", "starts_daemon", "plugin leaves processes behind: {F}: got 1 process"),
    Mistake("ignores SIGTERM", "ignores_sigterm", CHANGES + "another action for SIGTERM after start"),
    Mistake("unblocks signals", "unblocks_signals", CHANGES + "SIGHUP unblocked after create"),
    Mistake("closes standard error", "closes_standard_error", CHANGES + "descriptor 2 closed after init"),
    Mistake("closes all descriptors", "closes_descriptors", CHANGES + "descriptor 3 closed after destroy"),
    Mistake("another locale", "changes_locale", CHANGES + 'locale "C.UTF-8" after init'),
    Mistake("another rounding mode", "changes_rounding", CHANGES + "another rounding mode after create"),
    Mistake("another working directory", "changes_folder", CHANGES + "another working directory after start"),
    Mistake("another umask", "changes_umask", CHANGES + "umask 0000 after init"),
    Mistake("another environment", "changes_environment", "", "...."),
    Mistake("takes a crash signal", "takes_crash_signal", "{F}: init takes SIGSEGV", "wwww"),
    Mistake("prints on standard output", "prints", "noise in init", ".w.w"),
    Mistake("leaks descriptors", "leaks_descriptors", ID + "keeps 5 descriptors more open", "wwww"),
    Mistake("leaks memory", "leaks_memory", " KiB of memory more after 5 more instances", "wwww"),
    Mistake("leaves a thread", "leaves_thread", "{F}: leaves 1 thread after deinit", "wwww"),
)

FILES = (
    Mistake("half a library", "half", "{F}"),
    Mistake("a text", "text", "cannot load plugin: {F}: got "),
    Mistake("nothing in it", "empty", "cannot load plugin: {F}: got "),
    Mistake("a FIFO", "fifo", "{F}: got a FIFO, want a regular file"),
    Mistake("a directory", "folder", "{F}: got a directory, want a regular file"),
    Mistake("another architecture", "other_machine", "cannot load plugin: {F}: got a file for AArch64, 64 bit"),
    Mistake("others may write it", "writable", "unsafe plugin file: {F}: got mode 0666"),
)

ALL = DESCRIBED + SCHEMAS + DECIDED + CALLED + LEFT + FILES


class Later(typing.NamedTuple):
    """Sound in every trial, and until the test says so in the host that runs."""
    what: str
    file: str
    alert: str  # what its id begins with
    says: str
    cause: typing.Optional[str] = None  # of the time that is listed as unpaid once a good file serves


HELD = "the policy failed on this sample"
LATER = (
    Later("decide is not OK", "later_not_ok", "policy:", "org.example.defect: status -12", HELD),
    Later("an unknown action", "later_bad_action", "policy:", "org.example.defect: action: got 42, want PAY, SKIP or HOLD", HELD),
    Later("decide does not return", "later_loop_in_decide", "policy-0:blocked", "org.example.defect"),
)


class Answer(typing.NamedTuple):
    """A price plugin that answers against the rules once it is asked; `says` is empty where that is none of them."""
    what: str
    file: str
    says: str


ANSWERS = (
    Answer("before the start function returned", "price_early", ""),
    Answer("OK without a record", "price_no_record", "price: org.example.defect gives an answer OK without a record"),
    Answer("with a NULL host", "price_no_host", "price: org.example.defect gives an answer with another host than it was given"),
    Answer("three times", "price_thrice", "price: org.example.defect gives an answer for an operation that is over"),
    Answer("for another operation", "price_other_operation", "price: org.example.defect gives an answer for an operation"),
    Answer("OK, then an error", "price_ok_then_error", "price: org.example.defect gives an answer for an operation"),
    Answer("an error after an answer", "price_error_after_answer",
           "price: org.example.defect gives an error returned for an operation"),
)

# The mistakes that other tests make: what, the file under tests/, and what is written there about it.
ELSEWHERE = (
    ("crashes, aborts or exits later, or in a thread", "integration/host/test_plugin_faults.py", "later_crash_in_thread"),
    ("signals taken in a call", "integration/host/test_plugin_faults.py", "later_takes_signals"),
    ("a thread's signals blocked in a call", "integration/host/test_plugin_faults.py", "later_blocks_signals"),
    ("standard streams closed in a call", "integration/host/test_plugin_faults.py", "later_closes_streams"),
    ("a descriptor of the ledger taken in a call", "integration/host/test_plugin_faults.py", "later_takes_ledger"),
    ("put aside after it ended the host twice", "integration/host/test_plugin_faults.py", "put aside"),
    ("an answer that never comes", "integration/plugins/answers_test.cpp", "price_never"),
    ("a price that loops", "integration/host/test_plugin_faults.py", "price_loops"),
    ("twelve monitors that block", "integration/host/test_plugin_faults.py", "monitor_blocks"),
    ("a monitor that never returns", "integration/worker/test_notify.py", "hang_in_watch"),
    ("a process that outlives the host", "integration/host/test_plugins.py", "forks_in_host"),
    ("a crash in submit or a timer", "unit/plugin/defects_test.cpp", "crash_in_timer"),
    ("a quote of another pair", "integration/host/test_liars.py", '"pair"'),
    ("a job's outcome and uptime", "integration/host/test_liars.py", "outcome: got 55"),
    ("verdict, target and times of a look", "integration/host/test_liars.py", "verdict: got 77"),
    ("text that forges a line", "integration/host/test_liars.py", "forge_no_line"),
    ("pay above its bounds later", "integration/host/test_liars.py", "want at most 1 USD"),
    ("overwritten in place, torn", "soak/replace.py", "def torn"),
    ("four files in a row", "integration/host/test_plugin_faults.py", "newest_of_four"),
    ("a file outside of the folder", "integration/host/test_plugin_faults.py", "outside_the_plugin_folder"),
    ("a kind, quiesce or const misspelt", "unit/sdk/nearly_right.cpp", "quiece"),
)
