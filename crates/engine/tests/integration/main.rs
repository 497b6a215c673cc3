//! The engine with a scripted desk: what it refuses, in which order things leave, what it makes of the venues' word.

mod desk;
mod entering;
mod forced;
mod keeping;
mod reconciling;
mod replay;
mod running;
mod stopped;
