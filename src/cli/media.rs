//! The arguments of `wxbox media …`.

use clap::{Args, Subcommand};

/// Media files that WeChat keeps.
#[derive(Debug, Subcommand)]
pub enum MediaCommand {
    /// Upload a file and print its media_id
    Upload(MediaUpload),
}

const UPLOAD_NOTES: &str = "\
WeChat keeps an uploaded file for three days. wxbox recognizes a file by its
content and does not upload it again while WeChat keeps it. `wxbox send` uploads
the files of a message on its own.

  image  PNG, JPEG, GIF  at most 10 MB
  voice  AMR, MP3        at most 2 MB and 60 seconds
  video  MP4             at most 10 MB
  thumb  JPEG            at most 64 KB";

const UPLOAD_EXAMPLES: &str = "\
wxbox media upload chart.png
wxbox media upload cover.jpg --type thumb
gnuplot chart.gp | wxbox media upload -
wxbox --json media upload chart.png | jq -r .expires_at";

/// `wxbox media upload`.
#[derive(Debug, Args)]
#[command(after_help = UPLOAD_EXAMPLES, after_long_help = UPLOAD_NOTES)]
pub struct MediaUpload {
    /// File to upload; - reads standard input
    pub file: String,
    /// Type of the file: image, voice, video or thumb [default: by its content]
    #[arg(long = "type", value_name = "TYPE", value_parser = ["image", "voice", "video", "thumb"], hide_possible_values = true)]
    pub kind: Option<String>,
}
