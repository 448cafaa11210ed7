//! The arguments of `wxbox media …`.

use clap::{Args, Subcommand};

/// Files that WeChat keeps.
#[derive(Debug, Subcommand)]
pub enum MediaCommand {
    /// Have WeChat keep a file for three days, and print its media_id
    Upload(MediaUpload),
}

const UPLOAD_EXAMPLES: &str = "\
A file that WeChat keeps already is not uploaded again: its media_id is kept by
what is in the file, for three days. `send` uploads the files it is given by
itself.

  image  PNG, JPEG, GIF    10 MB at most
  voice  AMR, MP3           2 MB at most, and 60 seconds
  video  MP4               10 MB at most
  thumb  JPEG              64 KB at most

Examples:
  wxbox media upload chart.png
  wxbox media upload cover.jpg --type thumb
  gnuplot chart.gp | wxbox media upload -
  wxbox --json media upload chart.png | jq -r .expires_at";

/// `wxbox media upload`.
#[derive(Debug, Args)]
#[command(after_help = UPLOAD_EXAMPLES)]
pub struct MediaUpload {
    /// The file; - reads standard input
    pub file: String,
    /// What it is to be, if not what it looks like: image, voice, video or thumb
    #[arg(long = "type", value_name = "TYPE", value_parser = ["image", "voice", "video", "thumb"], hide_possible_values = true)]
    pub kind: Option<String>,
}
