//! The parts of an output that differ from run to run (times, ids, ports), and the names in
//! brackets that replace them.

use std::sync::LazyLock;

/// Returns the patterns of these parts with their names.
pub fn redactions() -> snapbox::Redactions {
    static ALL: LazyLock<Vec<(&str, regex::Regex)>> = LazyLock::new(|| {
        [
            ("[TIME]", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
            ("[LOCAL_TIME]", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d"),
            ("[CLIENT_MSG_ID]", r#""client_msg_id":"[0-9a-f]{32}""#),
            ("[RID]", r#"(?:"rid":"|Request ID +)(?<redacted>[0-9a-f]+-[0-9a-f]+-[0-9a-f]+)"#),
            ("[MSGID]", r"\b\d{16,19}\b"),
            ("[LISTENER]", r"127\.\d+\.\d+\.\d+(:|%3A)18080"),
            ("[PORT]", r"127\.0\.0\.1(?::|%3A)(?<redacted>\d{4,5})\b"),
            ("[SHORT]", r":18080/callback/(?<redacted>[0-9A-Za-z]{14})\b"),
            ("[CODE]", r"/q/(?<redacted>[0-9A-Za-z]{32})\b"),
            ("[DEMO]", r"[^ ]*/wxbox-demo-\w+"),
            ("[SPACE]", r"\b\d+\.\d\d [KMGT]iB\b"),
            ("[QR]", r"(?:[ ▀▄█]{36,}\n)+"),
            // In a report of `run`: the host, and the duration of the command.
            ("[RAN]", r"\(status \d+\) on (?<redacted>\S+ after \d+m?s)\b"),
            ("[RAN]", r"（(?<redacted>主机 [^（），]+，耗时 [^）]+)）"),
            // In a line for monitoring.
            ("[AGE]", r"\(oldest (?<redacted>\d+[smhd])\b"),
            ("[AGE]", r"最早一条在 (?<redacted>\d+ (?:秒|分钟|小时|天))前"),
            ("[AGE]", r"最早一条已等待 (?<redacted>\d+ (?:秒|分钟|小时|天))"),
            ("[AGE]", r"oldest_queued=(?<redacted>\d+)s"),
            ("[STATE]", r"state=(?<redacted>[0-9a-zA-Z]+)"),
        ]
        .into_iter()
        .map(|(name, pattern)| (name, regex::Regex::new(pattern).unwrap()))
        .collect()
    });
    let mut redactions = snapbox::Redactions::new();
    for (name, pattern) in ALL.iter() {
        redactions.insert(name, pattern.clone()).unwrap();
    }
    redactions
}
