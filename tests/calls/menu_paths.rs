//! Every path of the default menu by keys, in both languages, heard clip by clip.

use super::script::check;
use super::stage::Stage;

pub const BALANCE: &str = "
    > greeting other_language record_notice {main} nav_hint
    2
    > {money}
    1
    > ask_last4
    4321
    > ask_code
    9876#
    > code_ok balance {after_info}
    2
    > goodbye
    ends menu_ended";

pub const OPERATIONS: &str = "
    > greeting other_language record_notice {main} nav_hint
    2
    > {money}
    2
    > ask_last4
    4321
    > ask_code
    9876#
    > code_ok operations_intro operations_end {after_info}";

pub const BLOCK: &str = "
    > greeting other_language record_notice {main} nav_hint
    1
    > lost_intro ask_last4
    4321
    > {reason}
    2
    > confirm_block confirm
    1
    > card_blocked {after_block}
    2
    > {main}";

pub const FRAUD: &str = "
    > greeting other_language record_notice {main} nav_hint
    1
    > lost_intro ask_last4
    4321
    > {reason}
    3
    > confirm_block confirm
    1
    > card_blocked to_fraud_team {nobody}
    queue fraud support
    wait 3000
    #
    > voicemail_done goodbye
    ends menu_ended";

pub const DECLINED: &str = "
    > greeting other_language record_notice {main} nav_hint
    1
    > lost_intro ask_last4
    4321
    > {reason}
    1
    > confirm_block confirm
    2
    > block_cancelled {main}";

pub const ACTIVATE: &str = "
    > greeting other_language record_notice {main} nav_hint
    3
    > {cards}
    1
    > ask_last4
    4321
    > ask_code
    9876#
    > code_ok confirm_activate confirm
    1
    > activated {after_info}
    1
    > {main}
    3
    > {cards}
    1
    > confirm_activate confirm
    2
    > {cards}";

pub const LOAN: &str = "
    > greeting other_language record_notice {main} nav_hint
    3
    > {cards}
    3
    > ask_last4
    4321
    > ask_code
    9876#
    > code_ok loan_due {after_info}";

pub const REFERENCE: &str = "
    > greeting other_language record_notice {main} nav_hint
    3
    > {cards}
    2
    > pin_info {after_info}
    1
    > {main}
    4
    > {info}
    1
    > rates {after_info}
    1
    > {main}
    4
    > {info}
    2
    > branches {after_info}
    0
    > {nobody}
    queue support";

pub const NAVIGATION: &str = "
    > greeting other_language record_notice {main} nav_hint
    #
    > {main}
    4
    > {info}
    *
    > {main}
    *
    > {main}
    2
    > {money}
    #
    > {money}
    1
    > ask_last4
    43
    *
    > ask_last4
    *
    > {money}";

/// Every path there is, for other tables too.
pub const PATHS: [&str; 9] = [BALANCE, OPERATIONS, BLOCK, FRAUD, DECLINED, ACTIVATE, LOAN, REFERENCE, NAVIGATION];

#[test]
fn balance_block_activation_loan_and_reference_are_heard_as_written() {
    for path in PATHS {
        check(&mut Stage::new(), path);
    }
}

#[test]
fn every_path_sounds_the_same_in_english_after_one_key() {
    for path in PATHS {
        let greeting = "> greeting other_language record_notice {main} nav_hint";
        let english = path.replacen(greeting, &format!("{greeting}\n9\nlang en\n> {{main}}"), 1);
        check(&mut Stage::new(), &english);
    }
}

#[test]
fn values_are_said_in_whole_words() {
    let identified = ["wait 100", "4321", "wait 300", "9876#"].join("\n");
    let cases = [
        (
            format!("21\n{identified}"),
            "Карта, последние цифры четыре три два один Доступный остаток пятнадцать тысяч двести тридцать рублей \
             пятьдесят копеек",
        ),
        (
            format!("9\nwait 100\n21\n{identified}"),
            "Card ending in four three two one Your available balance is fifteen thousand two hundred and \
             thirty rubles and fifty kopecks",
        ),
        (
            format!("22\n{identified}"),
            "Последние операции по карте. первое марта две тысячи двадцать шестого года покупка минус четыреста \
             пятьдесят рублей второе марта две тысячи двадцать шестого года зачисление одна тысяча рублей Больше \
             операций нет.",
        ),
        (
            "143211\nwait 500\n1".to_owned(),
            "Карта заблокирована. Деньги на счёте в сохранности. Номер вашего обращения семь ноль пять один два",
        ),
    ];
    for (keys, words) in cases {
        let mut stage = Stage::new();
        let caller = stage.caller();
        super::script::Conversation { stage: &mut stage, caller, lang: "ru", hasty: false }.run(&keys);
        stage.listen();
        let heard = stage.take_words(caller);
        assert!(heard.contains(words), "{keys}: {heard}");
    }
}
