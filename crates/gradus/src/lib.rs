#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod commands;
pub mod document;
pub mod output;
