//! `hotline trunks`: what a running server says of its trunks.

use super::cli::Trunks;
use super::serve::TrunkRow;
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest page that is read.
const LONGEST: u64 = 1 << 20;

/// Prints a line for each trunk; exit code 1 when one is down or not registered.
pub(super) fn run(arguments: &Trunks) -> Result<ExitCode> {
    let config = arguments.folders.config()?;
    let Some(listen) = arguments.http.or(config.http.listen) else {
        bail!(
            "the server has no web pages to ask\n  hint: write http: {{listen: 127.0.0.1:8080}} in the configuration"
        );
    };
    let text = page(reachable(listen)).with_context(|| {
        format!("no server answers at {listen}\n  hint: is it running? --http ADDR:PORT asks another")
    })?;
    let rows: Vec<TrunkRow> =
        serde_json::from_str(&text).context("what answers there is no hotline of this version")?;
    if rows.is_empty() {
        println!("no trunks");
    }
    print!("{}", table(&rows, &super::menus::zone(&config.menus)));
    let is_well = |row: &TrunkRow| row.reach != "down" && row.registered != "failed";
    Ok(if rows.iter().all(is_well) { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A server that listens everywhere is reached on this machine.
const fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The page `/trunks`.
fn page(server: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET /trunks HTTP/1.0\r\nHost: {server}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is cut off")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        bail!("the server answers {status}");
    }
    Ok(body.to_owned())
}

/// Aligned columns.
fn table(rows: &[TrunkRow], zone: &TimeZone) -> String {
    let at = |seconds: i64| match Timestamp::from_second(seconds) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "?".to_owned(),
    };
    let cells = rows.iter().map(|row| {
        let reach = row.since.map_or_else(|| row.reach.clone(), |since| format!("{} since {}", row.reach, at(since)));
        let registered = match (row.registered.as_str(), row.until, &row.why) {
            ("until", Some(until), _) => format!("registered until {}", at(until)),
            ("failed", _, Some(why)) => format!("not registered: {why}"),
            ("asked", ..) => "asks to be registered".to_owned(),
            _ => "-".to_owned(),
        };
        let calls = format!("in {} of {}, out {} of {}", row.calls_in, row.total_in, row.calls_out, row.total_out);
        let refused = if row.refused == 0 { String::new() } else { format!("refused {}", row.refused) };
        [row.name.clone(), row.address.clone(), reach, registered, calls, refused]
    });
    let cells: Vec<[String; 6]> = cells.collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 6]| {
        let padded: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    cells.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_it_is_whether_it_answers_and_what_it_carries() {
        let row = |name: &str, reach: &str, registered: &str| TrunkRow {
            name: name.into(),
            address: "UDP 203.0.113.20:5060".into(),
            reach: reach.into(),
            since: (reach != "unknown").then_some(1_772_442_000),
            registered: registered.into(),
            until: (registered == "until").then_some(1_772_442_600),
            why: (registered == "failed").then(|| "403 Forbidden".into()),
            calls_in: 3,
            calls_out: 1,
            total_in: 70,
            total_out: 20,
            refused: u64::from(registered == "failed"),
        };
        let rows = [row("provider", "up", "until"), row("b", "down", "failed"), row("office", "unknown", "no")];
        insta::assert_snapshot!(table(&rows, &TimeZone::UTC), @r"
        provider  UDP 203.0.113.20:5060  up since 2026-03-02 09:00:00    registered until 2026-03-02 09:10:00  in 3 of 70, out 1 of 20
        b         UDP 203.0.113.20:5060  down since 2026-03-02 09:00:00  not registered: 403 Forbidden         in 3 of 70, out 1 of 20  refused 1
        office    UDP 203.0.113.20:5060  unknown                         -                                     in 3 of 70, out 1 of 20
        ");
    }

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, asked) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:8080", "[::1]:8080"), ("192.0.2.1:80", "192.0.2.1:80")]
        {
            let listen: SocketAddr = listen.parse().expect("an address");
            assert_eq!(reachable(listen).to_string(), asked);
        }
    }
}
