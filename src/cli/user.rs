//! The arguments of `wxbox user …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The registry of people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person
    Add(UserAdd),
    /// List people
    List(UserList),
    /// Show a person
    Show(UserShow),
    /// Change a person's name, note or tags
    Edit(UserEditArgs),
    /// Set or remove the password that `bind` asks for
    Passwd(UserPasswd),
    /// Remove a person, with binding, tags and the text of all messages to them
    Remove(UserRemove),
    /// Add people from a file, all or none
    Import(UserImport),
    /// Print everybody, for `user import`: CSV, or JSON Lines with --json
    Export(UserExport),
    /// Ask WeChat which of the bound still follow the account
    Sync,
}

const ADD_EXAMPLES: &str = "\
Examples:
  wxbox user add luffy --tag ops --note captain
  wxbox user add nami --openid oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
  echo \"$PASSWORD\" | wxbox user add zoro --password-stdin";

/// `wxbox user add`.
#[derive(Debug, Args)]
#[command(after_help = ADD_EXAMPLES)]
pub struct UserAdd {
    /// The name; asked for where stdin is a terminal
    pub name: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Bind to this openid at once
    #[arg(long, value_name = "ID")]
    pub openid: Option<String>,
    /// Set a tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Vec<String>,
    /// A free text about the person
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    pub note: String,
}

/// `wxbox user list`.
#[derive(Debug, Args)]
pub struct UserList {
    /// Only people with this tag
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Option<String>,
    /// Only people who are bound
    #[arg(long)]
    pub bound: bool,
    /// Only people who are not bound
    #[arg(long, conflicts_with = "bound")]
    pub unbound: bool,
}

/// `wxbox user show`.
#[derive(Debug, Args)]
pub struct UserShow {
    /// The person
    pub name: String,
}

/// `wxbox user edit`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true).args(["rename", "note", "tag", "untag"])))]
pub struct UserEditArgs {
    /// The person
    pub name: String,
    /// The new name; the uid stays
    #[arg(long, value_name = "NEW", allow_hyphen_values = true)]
    pub rename: Option<String>,
    /// The new note; "" removes it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,
    /// Set a tag; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub tag: Vec<String>,
    /// Take a tag away; repeatable
    #[arg(long, value_name = "TAG", allow_hyphen_values = true)]
    pub untag: Vec<String>,
}

/// `wxbox user passwd`.
#[derive(Debug, Args)]
pub struct UserPasswd {
    /// The person
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
pub struct UserRemove {
    /// The person
    pub name: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `wxbox user import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub struct UserImport {
    /// The file; - reads standard input
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

const IMPORT_HELP: &str = "The file is UTF-8: CSV whose first line names the columns, in any order, or JSON Lines.
  username  required
  uid       32 hex digits, of a person who was renamed; without it the MD5 of the name
  password  an Argon2id hash as it is; anything else is a password, and is hashed
  openid    binds to the config's account
  tags      separated by ; (in JSON: a list)
  note      a free text
Columns may also be separated by ; or tabs. Where a field would be a formula to a spreadsheet (it begins with = + -
@), `user export` writes a ' before it, which import takes away again.

The db.sqlite3 of the original web application can be given as well: its people come with uid and openid, their
passwords are hashed. It is only read.";
