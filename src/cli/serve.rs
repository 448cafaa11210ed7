//! The arguments of `wxbox serve` and `wxbox event`.

use clap::Args;

const SERVE_EXAMPLES: &str = "\
wxbox serve
wxbox serve --listen 127.0.0.1:8080
wxbox --json serve | jq 'select(.event == \"receipt\")'";

const EVENT_EXAMPLES: &str = "\
wxbox event --query \"$QUERY_STRING\" <body.xml
wxbox event <event.xml  trusts the caller: no signature is checked";

/// `wxbox serve`.
#[derive(Debug, Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub struct Serve {
    /// Address to listen on
    ///
    /// The default is serve.address, then listen.address, then every interface on the port of
    /// redirect_uri.
    #[arg(long, value_name = "ADDR", allow_hyphen_values = true)]
    pub listen: Option<String>,
}

/// `wxbox event`.
#[derive(Debug, Args)]
#[command(after_help = EVENT_EXAMPLES)]
pub struct Event {
    /// Query string of WeChat's request; its signature is checked
    ///
    /// Without it, no signature is checked. Only pass on events from a source that you trust.
    #[arg(long, value_name = "STRING", allow_hyphen_values = true)]
    pub query: Option<String>,
}
