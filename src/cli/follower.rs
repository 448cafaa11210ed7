//! The arguments of `wxbox follower …`.

use clap::{Args, Subcommand};

const LIST_EXAMPLES: &str = "\
Examples:
  wxbox follower list >followers.tsv
  wxbox --json follower list | jq -r 'select(.users == []).openid'      who follows and is not bound";

/// The account's followers.
#[derive(Debug, Subcommand)]
pub enum FollowerCommand {
    /// List everybody who follows the account, with who is bound to them
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Show what WeChat tells of a person
    Show(FollowerShow),
    /// Set what the account calls a person
    Remark(FollowerRemark),
}

/// `wxbox follower show`.
#[derive(Debug, Args)]
pub struct FollowerShow {
    /// The person's openid
    pub openid: String,
}

/// `wxbox follower remark`.
#[derive(Debug, Args)]
pub struct FollowerRemark {
    /// The person's openid
    pub openid: String,
    /// The remark, 30 characters at most; "" removes it
    #[arg(allow_hyphen_values = true)]
    pub text: String,
}
