"""What the platform's own unsubscribe page says, and which language a reader gets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

_MOST_LANGUAGES: Final = 20  # of a browser's list
_TRADITIONAL: Final = ("zh-tw", "zh-hk", "zh-mo", "zh-hant")  # Chinese in the same script
_WANTED: Final = re.compile(r"\s*([A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language."""

    title: str
    question: str
    button: str
    done_title: str
    done: str
    failed_title: str
    failed: str
    again: str


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        title="Unsubscribe",
        question="Do you want to receive no more mail from this sender?",
        button="Unsubscribe",
        done_title="You are unsubscribed",
        done="You will receive no more mail from this sender. What is on its way already may still arrive.",
        failed_title="That did not work",
        failed="Your wish could not be stored just now. Please try again in a moment.",
        again="Try again",
    ),
    "de": Words(
        title="Abmelden",
        question="Möchten Sie von diesem Absender keine E-Mails mehr erhalten?",
        button="Abmelden",
        done_title="Sie sind abgemeldet",
        done="Sie erhalten von diesem Absender keine E-Mails mehr. Was schon unterwegs ist, kann noch ankommen.",
        failed_title="Das hat nicht geklappt",
        failed="Ihr Wunsch konnte gerade nicht gespeichert werden. Bitte versuchen Sie es gleich noch einmal.",
        again="Noch einmal versuchen",
    ),
    "fr": Words(
        title="Se désabonner",
        question="Souhaitez-vous ne plus recevoir d’e-mails de cet expéditeur ?",
        button="Se désabonner",
        done_title="Vous êtes désabonné",
        done="Vous ne recevrez plus d’e-mails de cet expéditeur. Ceux qui sont déjà en route peuvent encore arriver.",
        failed_title="Cela n’a pas fonctionné",
        failed="Votre demande n’a pas pu être enregistrée. Veuillez réessayer dans un instant.",
        again="Réessayer",
    ),
    "es": Words(
        title="Cancelar la suscripción",
        question="¿Desea dejar de recibir correos de este remitente?",
        button="Cancelar la suscripción",
        done_title="Suscripción cancelada",
        done="No recibirá más correos de este remitente. Los que ya están en camino aún pueden llegar.",
        failed_title="No ha funcionado",
        failed="No hemos podido guardar su petición. Inténtelo de nuevo en un momento.",
        again="Intentarlo de nuevo",
    ),
    "it": Words(
        title="Annulla l’iscrizione",
        question="Desidera non ricevere più e-mail da questo mittente?",
        button="Annulla l’iscrizione",
        done_title="Iscrizione annullata",
        done="Non riceverà più e-mail da questo mittente. Quelle già in viaggio possono ancora arrivare.",
        failed_title="Non ha funzionato",
        failed="Non è stato possibile salvare la richiesta. Riprovi tra un momento.",
        again="Riprova",
    ),
    "pt": Words(
        title="Cancelar subscrição",
        question="Deseja deixar de receber e-mails deste remetente?",
        button="Cancelar subscrição",
        done_title="Subscrição cancelada",
        done="Não receberá mais e-mails deste remetente. Os que já estão a caminho ainda podem chegar.",
        failed_title="Não funcionou",
        failed="O seu pedido não pôde ser guardado agora. Tente de novo dentro de momentos.",
        again="Tentar de novo",
    ),
    "nl": Words(
        title="Afmelden",
        question="Wilt u geen e-mails meer ontvangen van deze afzender?",
        button="Afmelden",
        done_title="U bent afgemeld",
        done="U ontvangt geen e-mails meer van deze afzender. Wat al onderweg is, kan nog aankomen.",
        failed_title="Dat is niet gelukt",
        failed="Uw verzoek kon zojuist niet worden opgeslagen. Probeer het zo meteen opnieuw.",
        again="Opnieuw proberen",
    ),
    "zh": Words(
        title="退订",
        question="您确定不再接收此发件人的邮件吗？",
        button="退订",
        done_title="退订成功",
        done="您将不会再收到此发件人的邮件。已经发出的邮件可能仍会送达。",
        failed_title="操作未成功",
        failed="暂时无法保存您的请求，请稍后再试。",
        again="重试",
    ),
    "zh-tw": Words(
        title="取消訂閱",
        question="您確定不再接收此寄件者的郵件嗎？",
        button="取消訂閱",
        done_title="已取消訂閱",
        done="您將不會再收到此寄件者的郵件。已經寄出的郵件可能仍會送達。",
        failed_title="操作未成功",
        failed="暫時無法儲存您的要求，請稍後再試。",
        again="重試",
    ),
    "ja": Words(
        title="配信停止",
        question="この送信者からのメールの受信を停止しますか？",
        button="配信を停止する",
        done_title="配信を停止しました",
        done="この送信者からのメールは今後届きません。すでに送信されたメールが届く場合があります。",
        failed_title="処理できませんでした",
        failed="ただいまご希望を保存できませんでした。しばらくしてからもう一度お試しください。",
        again="もう一度試す",
    ),
    "ko": Words(
        title="수신 거부",
        question="이 발신자의 메일을 더 이상 받지 않으시겠습니까?",
        button="수신 거부",
        done_title="수신 거부가 완료되었습니다",
        done="이 발신자의 메일을 더 이상 받지 않습니다. 이미 발송된 메일은 도착할 수 있습니다.",
        failed_title="처리하지 못했습니다",
        failed="지금은 요청을 저장할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        again="다시 시도",
    ),
    "ru": Words(
        title="Отписаться",
        question="Вы больше не хотите получать письма от этого отправителя?",
        button="Отписаться",
        done_title="Вы отписались",
        done="Вы больше не будете получать письма от этого отправителя. Уже отправленные письма ещё могут прийти.",
        failed_title="Не получилось",
        failed="Сейчас не удалось сохранить ваш запрос. Попробуйте ещё раз через минуту.",
        again="Попробовать ещё раз",
    ),
}


def words_of(language: str) -> Words:
    """Return the words of a language, of its region where those differ; English where there are none."""
    return WORDS.get(_written(language)) or WORDS.get(language.partition("-")[0], WORDS["en"])


def choose_language(accepted: str, offered: Collection[str]) -> str | None:
    """Return the language of those offered that a reader likes best; None where none fits.

    `accepted` is the Accept-Language of a browser (RFC 9110 12.5.4), `offered` are tags in lower case. A region that is not
    there falls back to its language, and that to any region of it: of en-GB and pt, en-us and pt-br are better than nothing.
    """
    for wanted in _wishes(accepted):
        if wanted in offered:
            return wanted
        base = wanted.partition("-")[0]
        alike = [tag for tag in offered if _written(tag) == _written(wanted)]
        found = alike or [tag for tag in offered if tag.partition("-")[0] == base]
        if found:
            return min(found, key=lambda tag: (tag != base, tag))
    return None


def _written(tag: str) -> str:
    """Return a tag, the same one for regions that write alike where their language has two scripts."""
    return _TRADITIONAL[0] if tag.startswith(_TRADITIONAL) else tag


def _wishes(accepted: str) -> list[str]:
    """Return the languages that a browser asks for, the dearest first."""
    found = [_WANTED.match(part) for part in accepted[:1000].split(",")[:_MOST_LANGUAGES]]
    wishes = [(float(wish[2] or 1), wish[1].lower().replace("_", "-")) for wish in found if wish]
    return [tag for weight, tag in sorted(wishes, key=lambda wish: -wish[0]) if weight > 0]
