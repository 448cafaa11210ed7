//! `wxbox follower …`

use clap::{Args, Subcommand};

const LIST_EXAMPLES: &str = "\
Examples:
  wxbox follower list >followers.tsv
  wxbox --json follower list | jq -r 'select(.users == []).openid'      who follows and is not bound";

/// The account's followers.
#[derive(Debug, Subcommand)]
pub enum Follower {
    /// List everybody who follows the account, with who is bound to them
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Show what WeChat tells of a person
    Show(Show),
    /// Set what the account calls a person
    Remark(Remark),
}

/// `wxbox follower show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The person's openid
    pub openid: String,
}

/// `wxbox follower remark`.
#[derive(Debug, Args)]
pub struct Remark {
    /// The person's openid
    pub openid: String,
    /// The remark, 30 characters at most; "" removes it
    #[arg(allow_hyphen_values = true)]
    pub text: String,
}
