//! Bench `store/checkpoint_durable`: what one 512-byte record costs, alone and in groups.
//!
//! The floor (write and `fdatasync` of a preallocated file, nothing else) is measured in the same run, in turns with the
//! rest, so that a busy machine slows both. Prints percentiles in microseconds and the ratio to the floor.
//!
//! `cargo bench -p journal --bench checkpoint`; `BENCH_DIR` names the disk to measure.

use domain::Wall;
use journal::{Durability, Identity, Journal, Mode, Opened, Options};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

const BODY: [u8; 512] = [b'x'; 512];
const ROUNDS: usize = 20;
const EACH: usize = 50;
/// Records per sync in the group case.
const GROUP: usize = 16;

struct Case {
    name: &'static str,
    nanos: Vec<u64>,
}

impl Case {
    const fn new(name: &'static str) -> Self {
        Self { name, nanos: Vec::new() }
    }

    fn time(&mut self, mut run: impl FnMut()) {
        for _ in 0..EACH {
            let begin = Instant::now();
            run();
            self.nanos.push(begin.elapsed().as_nanos() as u64);
        }
    }

    /// The value under which `per_mille` of all lie, in nanoseconds.
    fn at(&mut self, per_mille: usize) -> u64 {
        self.nanos.sort_unstable();
        self.nanos.get((self.nanos.len() - 1) * per_mille / 1_000).copied().unwrap_or_default()
    }

    fn print(&mut self, floor: u64) {
        let [min, p50, p99] = [0, 500, 990].map(|p| self.at(p));
        let us = |n: u64| format!("{}.{:02}", n / 1_000, n % 1_000 / 10);
        let ratio = p50 * 100 / floor.max(1);
        println!(
            "{:44} min {:>8} p50 {:>8} p99 {:>8} us   p50/floor {}.{:02}",
            self.name,
            us(min),
            us(p50),
            us(p99),
            ratio / 100,
            ratio % 100
        );
    }
}

fn open(dir: &Path, name: &str, durability: Durability) -> Journal {
    let identity = Identity { mode: Mode::Demo, accounts: BTreeMap::new(), chains: BTreeMap::new() };
    let options = Options { durability, ..Options::new(|| Wall(0)) };
    let Opened { journal, .. } = Journal::open(&dir.join(name), identity, "bench", options).expect("opens");
    journal
}

fn main() {
    let base = std::env::var_os("BENCH_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let dir = tempfile::tempdir_in(base).expect("a temporary directory");
    let mut raw: File = File::options().create_new(true).write(true).open(dir.path().join("raw")).expect("opened");
    rustix::fs::fallocate(&raw, rustix::fs::FallocateFlags::empty(), 0, 16 << 20).expect("allocated");
    raw.sync_all().expect("synced");
    raw.seek(SeekFrom::Start(0)).expect("at the start");
    let mut power = open(dir.path(), "power", Durability::Power);
    let mut process = open(dir.path(), "process", Durability::Process);

    let mut floor = Case::new("floor: write + fdatasync, preallocated");
    let mut durable = Case::new("store/checkpoint_durable (power)");
    let mut group = Case::new("store/checkpoint_durable, group of 16");
    let mut append = Case::new("store/checkpoint_append (process), syncing");
    let mut quiet = Case::new("store/checkpoint_append (process), quiet");
    for _ in 0..ROUNDS {
        floor.time(|| {
            raw.write_all(&BODY).expect("written");
            raw.sync_data().expect("synced");
        });
        durable.time(|| assert!(power.append(7, 1, &BODY).is_ok()));
        append.time(|| {
            assert!(process.append(7, 1, &BODY).is_ok());
            process.sync_soon();
        });
        process.wait_synced().expect("synced");
        group.time(|| {
            for _ in 0..GROUP {
                process.append(7, 1, &BODY).expect("written");
            }
            process.wait_synced().expect("synced");
        });
        for _ in 0..EACH {
            // Nothing is being synced when this one is written, as in a quiet market.
            process.wait_synced().expect("synced");
            let begin = Instant::now();
            process.append(7, 1, &BODY).expect("written");
            quiet.nanos.push(begin.elapsed().as_nanos() as u64);
        }
    }
    let base = floor.at(500);
    for case in [&mut floor, &mut durable, &mut group, &mut append, &mut quiet] {
        case.print(base);
    }
}
