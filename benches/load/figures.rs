//! What is counted, and how it is told.

use std::fmt::Write;
use std::fs;

/// A gap is counted in tenths of a millisecond up to this many.
const TENTHS: usize = 2_000;

/// Gaps between the packets of a call, and keys answered.
pub struct Gaps {
    all: Vec<u64>,
    seconds: Vec<Vec<u32>>,
    pub longest: u64,
    pub packets: u64,
    pub lost: u64,
    /// Of gaps beyond `LONG`: from, to, and whether what was heard was relayed. To be taken after each telephone.
    pub long: Vec<(u64, u64, bool)>,
    /// Microseconds from the first packet of a key to the first of what answers it.
    pub answers: Vec<u64>,
}

impl Gaps {
    pub fn new() -> Self {
        Self {
            all: vec![0; TENTHS + 1],
            seconds: Vec::new(),
            longest: 0,
            packets: 0,
            lost: 0,
            long: Vec::new(),
            answers: Vec::new(),
        }
    }

    pub fn note(&mut self, second: usize, micros: u64) {
        let tenth = usize::try_from(micros / 100).unwrap_or(TENTHS).min(TENTHS);
        self.all[tenth] += 1;
        self.longest = self.longest.max(micros);
        // Half a day of seconds is the most that is drawn.
        if second < 43_200 {
            if self.seconds.len() <= second {
                self.seconds.resize(second + 1, Vec::new());
            }
            let counts = &mut self.seconds[second];
            counts.resize(TENTHS + 1, 0);
            counts[tenth] += 1;
        }
    }

    /// The gap that `share` of a thousand are not above, in milliseconds.
    pub fn at(&self, share: u64) -> f64 {
        quantile(&self.all, share)
    }

    /// `second,p50,p99,max` a line.
    pub fn timeline(&self) -> String {
        let mut text = String::from("second,p50_ms,p99_ms,max_ms\n");
        for (second, counts) in self.seconds.iter().enumerate().filter(|(_, counts)| !counts.is_empty()) {
            let counts: Vec<u64> = counts.iter().map(|&count| count.into()).collect();
            let [half, most, all] = [500, 990, 1_000].map(|share| quantile(&counts, share));
            writeln!(text, "{second},{half},{most},{all}").unwrap_or_default();
        }
        text
    }
}

fn quantile(counts: &[u64], share: u64) -> f64 {
    let wanted = (counts.iter().sum::<u64>() * share).div_ceil(1_000);
    let mut passed = 0;
    for (tenth, count) in (0_u32..).zip(counts) {
        passed += count;
        if passed >= wanted {
            return f64::from(tenth) / 10.0;
        }
    }
    0.0
}

/// Microseconds as milliseconds with a tenth.
pub fn millis(micros: u64) -> String {
    format!("{}.{}", micros / 1_000, micros / 100 % 10)
}

/// `p50, p99, max` of microseconds, as milliseconds.
pub fn spread(values: &mut [u64]) -> String {
    values.sort_unstable();
    let Some(last) = values.len().checked_sub(1) else { return "-".to_owned() };
    let at = |share: usize| millis(values[last * share / 100]);
    format!("p50 {} p99 {} max {} ms (n {})", at(50), at(99), at(100), values.len())
}

/// Milliseconds of CPU that a process has used, exact to the scheduler's clock; resident kilobytes; descriptors.
pub fn of_process(pid: u32) -> (f64, u64, usize) {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let run = |task: fs::DirEntry| {
        fs::read_to_string(task.path().join("schedstat")).ok()?.split(' ').next()?.parse::<f64>().ok()
    };
    let cpu: f64 = tasks.filter_map(run).sum();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    (cpu / 1e6, resident.unwrap_or(0), descriptors)
}

/// A picture of timelines, one above the other: `CALLS=FILE` each.
pub fn plot(files: &[String]) -> Result<String, String> {
    const HEIGHT: usize = 120;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"{}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        files.len() * (HEIGHT + 30) + 20
    );
    for (place, file) in files.iter().enumerate() {
        let (name, path) = file.split_once('=').ok_or_else(|| format!("{file}: CALLS=FILE is wanted"))?;
        let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').filter_map(|word| word.parse().ok()).collect())
            .filter(|row: &Vec<f64>| row.len() == 4)
            .collect();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Err(format!("{path} is empty")) };
        let span = (last[0] - first[0]).max(1.0);
        let base = f64::from(u32::try_from(place * (HEIGHT + 30) + HEIGHT + 20).unwrap_or(0));
        writeln!(
            picture,
            "<text x=\"50\" y=\"{}\">{name} calls: gap between packets, ms (black p50, blue p99, red longest)</text>",
            base - 108.0
        )
        .unwrap_or_default();
        for grid in [0.0, 20.0, 40.0, 60.0] {
            let y = base - grid * 1.6;
            writeln!(
                picture,
                "<path d=\"M50 {y}H630\" stroke=\"#ddd\"/><text x=\"28\" y=\"{}\">{grid}</text>",
                y + 4.0
            )
            .unwrap_or_default();
        }
        for (column, colour) in [(3, "#c33"), (2, "#36c"), (1, "black")] {
            let points = rows.iter().map(|row| {
                format!("{:.1},{:.1} ", 50.0 + (row[0] - first[0]) / span * 580.0, base - row[column].min(65.0) * 1.6)
            });
            writeln!(
                picture,
                "<polyline fill=\"none\" stroke=\"{colour}\" points=\"{}\"/>",
                points.collect::<String>().trim_end()
            )
            .unwrap_or_default();
        }
    }
    picture.push_str("</svg>\n");
    Ok(picture)
}
