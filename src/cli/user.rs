//! The arguments of `wxbox user …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user
    Add(UserAdd),
    /// List users
    List(UserList),
    /// Show a user
    Show(UserShow),
    /// Change the name, note or tags of a user
    Edit(UserEditArgs),
    /// Set or remove the password of a user
    ///
    /// `wxbox bind` asks for this password.
    Passwd(UserPasswd),
    /// Remove a user
    ///
    /// The binding, the tags and the texts of all messages to this user are deleted, too.
    Remove(UserRemove),
    /// Add users from a file, all or none
    Import(UserImport),
    /// Print all users as CSV, for `user import`
    #[command(after_help = "wxbox user export >users.csv\nwxbox --json user export >users.jsonl")]
    Export(UserExport),
    /// Update which bound users follow the account
    ///
    /// Users who do not follow it are marked as unreachable, and `send --tag` and `send --all` skip
    /// them.
    #[command(after_help = "wxbox user sync")]
    Sync,
}

const ADD_EXAMPLES: &str = "\
wxbox user add luffy --tag ops --note captain
wxbox user add nami --openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
echo \"$PASSWORD\" | wxbox user add zoro --password-stdin";

const LIST_EXAMPLES: &str = "\
wxbox user list --tag ops
wxbox user list --unreachable
wxbox --json user list | jq -r .username";

const EDIT_EXAMPLES: &str = "\
wxbox user edit luffy --rename monkey
wxbox user edit luffy --tag ops --untag dev";

const PASSWD_EXAMPLES: &str = "\
wxbox user passwd luffy
wxbox user passwd luffy --remove";

const REMOVE_EXAMPLES: &str = "\
wxbox user remove luffy
wxbox user remove luffy --yes  in a script";

const IMPORT_EXAMPLES: &str = "\
wxbox user import users.csv
wxbox user export | ssh server2 wxbox user import -";

/// `wxbox user add`.
#[derive(Debug, Args)]
#[command(after_help = ADD_EXAMPLES)]
pub struct UserAdd {
    /// Name of the user; on a terminal wxbox asks for it
    pub name: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Bind the user to this openid
    #[arg(long, value_name = "ID")]
    pub openid: Option<String>,
    /// Add a tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Vec<String>,
    /// Note about the user
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub note: String,
}

/// `wxbox user list`.
#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct UserList {
    /// Only users with this tag
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Option<String>,
    /// Only bound users
    #[arg(long)]
    pub bound: bool,
    /// Only unbound users
    #[arg(long, conflicts_with = "bound")]
    pub unbound: bool,
    /// Only users that messages can reach
    #[arg(long)]
    pub reachable: bool,
    /// Only users that no message can reach; the list shows why
    ///
    /// They are not bound, do not follow the account, or WeChat permanently rejected a message to
    /// them.
    #[arg(long, conflicts_with = "reachable")]
    pub unreachable: bool,
}

/// `wxbox user show`.
#[derive(Debug, Args)]
#[command(after_help = "wxbox user show luffy")]
pub struct UserShow {
    /// Name of the user
    pub name: String,
}

/// `wxbox user edit`.
#[derive(Debug, Args)]
#[command(after_help = EDIT_EXAMPLES)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true).args(["rename", "note", "tag", "untag"])))]
pub struct UserEditArgs {
    /// Name of the user
    pub name: String,
    /// New name; the uid does not change
    #[arg(long, value_name = "NEW", allow_hyphen_values = true)]
    pub rename: Option<String>,
    /// New note; "" removes it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Add a tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Vec<String>,
    /// Remove a tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub untag: Vec<String>,
}

/// `wxbox user passwd`.
#[derive(Debug, Args)]
#[command(after_help = PASSWD_EXAMPLES)]
pub struct UserPasswd {
    /// Name of the user
    pub name: String,
    /// Read the new password from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Remove the password
    #[arg(long, conflicts_with = "password_stdin")]
    pub remove: bool,
}

/// `wxbox user remove`.
#[derive(Debug, Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub struct UserRemove {
    /// Name of the user
    pub name: Option<String>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

/// `wxbox user import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_EXAMPLES, after_long_help = IMPORT_NOTES)]
pub struct UserImport {
    /// File to import; - reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `wxbox user export`.
#[derive(Debug, Args)]
pub struct UserExport {
    /// Begin with a byte order mark, by which Excel recognizes UTF-8
    #[arg(long, conflicts_with = "json")]
    pub bom: bool,
}

const IMPORT_NOTES: &str = "\
FILE is UTF-8: CSV with the column names in the first line, or JSON Lines.
  username  required
  uid       32 hex digits; the default is the MD5 hash of the username
  password  a password, which is hashed, or an Argon2id hash
  openid    binding for the account of the config
  tags      separated by ; (in JSON: a list)
  note      any text
Columns may be separated by , ; or tabs, in any order. `wxbox user export` adds
' before a field that a spreadsheet would take for a formula (= + - @). The import
removes it.

FILE may also be db.sqlite3 of the original web application. Its users are
imported with uid and openid, and their passwords are hashed. wxbox does not
change that file.";
