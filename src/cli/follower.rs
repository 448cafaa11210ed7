//! The arguments of `wxbox follower …`.

use clap::{Args, Subcommand};

const LIST_EXAMPLES: &str = "\
wxbox follower list >followers.tsv
wxbox --json follower list | jq -r 'select(.users == []).openid'  not bound";

/// The account's followers.
#[derive(Debug, Subcommand)]
pub enum FollowerCommand {
    /// List the followers of the account and the users bound to them
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Show the profile of a follower
    Show(FollowerShow),
    /// Set the remark of a follower
    Remark(FollowerRemark),
}

/// `wxbox follower show`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox follower show oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")]
pub struct FollowerShow {
    /// Openid of the follower
    pub openid: String,
}

/// `wxbox follower remark`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox follower remark oUpF8uMuAJO_M2pxb1Q9zNjWeS6o luffy")]
pub struct FollowerRemark {
    /// Openid of the follower
    pub openid: String,
    /// Remark of at most 30 characters; "" removes it
    #[arg(allow_hyphen_values = true)]
    pub text: String,
}
