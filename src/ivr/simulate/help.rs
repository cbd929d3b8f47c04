//! What the simulator says about itself.

use crate::model::Lang;

const ENGLISH: &str = "\
keys        2   4321   9876#   star   hash
wait 20s    say nothing for twenty seconds; an empty line waits for what happens next
bank        what the bank can answer;  bank balance down;  bank balance ok available=250 RUB;  bank rates never
operator    operator answers, hangs_up, fails
queue       queue position 3 wait 4m, answers 10s, nobody, busy;  while waiting: queue timeout, full
callback    callback refused, accepted: whether the bank takes orders to call back
transfer    transfer fails: the caller is given back
switch      the switches;  switch card_outage enable
hangup      hang up
at, from, line, profile   begin anew: at 2026-12-31T23:00, from +79161234567, line premium, profile vip
restart     begin anew;  undo takes the last step back
keys        what every key does now;  log is the whole visit
save FILE   write the visit as a test for `hotline test`
quit        leave";

const RUSSIAN: &str = "\
клавиши     2   4321   9876#   star (звёздочка)   hash (решётка)
wait 20s    промолчать двадцать секунд; пустая строка — до ближайшего события
bank        что может ответить банк;  bank balance down;  bank balance ok available=250 RUB;  bank rates never
operator    operator answers (ответил), hangs_up (положил трубку), fails (пропал)
queue       queue position 3 wait 4m, answers 10s, nobody, busy;  во время ожидания: queue timeout, full
callback    callback refused, accepted: принимает ли банк заказы на обратный звонок
transfer    transfer fails: перевод не удался
switch      переключатели;  switch card_outage enable
hangup      положить трубку
at, from, line, profile   начать заново: at 2026-12-31T23:00, from +79161234567, line premium, profile vip
restart     начать заново;  undo отменяет последний шаг
keys        что сейчас делает каждая клавиша;  log — весь разговор
save ФАЙЛ   записать разговор как тест для `hotline test`
quit        выйти";

/// What can be typed, a line each.
pub(super) const fn help(lang: Lang) -> &'static str {
    match lang {
        Lang::En => ENGLISH,
        Lang::Ru => RUSSIAN,
    }
}
