"""The words on the maps, in Finnish, Swedish and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from accessibility.services import LANGUAGES

_FI = {
    "topic": "palvelujen alueellinen saavutettavuus",
    "time_car": "laskennallinen matka-aika henkilöautolla",
    "time_bicycle": "laskennallinen matka-aika polkupyörällä",
    "time_walk": "laskennallinen matka-aika kävellen",
    "to_sites": "matka-ajaltaan lähimpään palvelupisteeseen",
    "from_sites": "matka-ajaltaan lähimmästä palvelupisteestä",
    "winter": "talven ajonopeuksin",
    "tier": "palvelutaso",
    "sites": "palvelupisteet",
    "site": "palvelupiste",
    "population": "väestö ruuduittain",
    "residents": "asukkaita",
    "one_person": "asukas",
    "people": "asukasta",
    "share": "osuus",
    "band": "matka-aikavyöhyke",
    "beyond": "yli {minutes} min",
    "unreachable": "ei tieyhteyttä laskennassa",
    "nothing": "ei tieyhteyttä laskennassa tai ei palvelupistettä",
    "withheld": "ei näytetä tietosuojasyistä (alle 10)",
    "nobody": "ei asukkaita",
    "show": "näytä kartalla",
    "borders": "kuntarajat",
    "places": "paikannimet",
    "roads": "päätiet",
    "outlines": "matka-aikavyöhykkeiden rajat",
    "within": "enintään {minutes} min",
    "external": "alueen ulkopuolella",
    "map": "kartta",
    "legend": "selite",
    "skip": "siirry kartan ohi selitteeseen",
    "zoom_in": "lähennä",
    "zoom_out": "loitonna",
    "close": "sulje",
    "note_bands": "Vyöhyke sisältää ylärajansa. Minuutit on pyöristetty ylöspäin.",
    "note_click": "Ruutua tai palvelupistettä napsauttamalla näkee tarkemmat tiedot. "
    "Asumattomat alueet ovat tyhjiä.",
    "status_reached": "tavoitettavissa tieverkkoa pitkin",
    "status_beyond": "matka-aika pidempi kuin viimeinen vyöhyke",
    "status_moved": "liitetty lähimpään tiehen, jolta pääsee palvelupisteeseen",
    "status_too_far": "lähimmälle tielle yli {km} km: ei tieyhteyttä laskennassa",
    "status_unreachable": "ei tieyhteyttä laskennassa",
}
_SV = {
    "topic": "tjänsternas nåbarhet",
    "time_car": "beräknad restid med bil",
    "time_bicycle": "beräknad restid med cykel",
    "time_walk": "beräknad restid till fots",
    "to_sites": "till närmaste serviceställe räknat i restid",
    "from_sites": "från närmaste serviceställe räknat i restid",
    "winter": "med vinterns körhastigheter",
    "tier": "servicenivå",
    "sites": "serviceställen",
    "site": "serviceställe",
    "population": "befolkning per ruta",
    "residents": "invånare",
    "one_person": "invånare",
    "people": "invånare",
    "share": "andel",
    "band": "restidszon",
    "beyond": "över {minutes} min",
    "unreachable": "ingen vägförbindelse i beräkningen",
    "nothing": "ingen vägförbindelse i beräkningen eller inget serviceställe",
    "withheld": "visas inte av dataskyddsskäl (färre än 10)",
    "nobody": "inga invånare",
    "show": "visa på kartan",
    "borders": "kommungränser",
    "places": "ortnamn",
    "roads": "huvudvägar",
    "outlines": "restidszonernas gränser",
    "within": "högst {minutes} min",
    "external": "utanför området",
    "map": "karta",
    "legend": "teckenförklaring",
    "skip": "hoppa över kartan till teckenförklaringen",
    "zoom_in": "zooma in",
    "zoom_out": "zooma ut",
    "close": "stäng",
    "note_bands": "Zonen omfattar sin övre gräns. Minuterna är avrundade uppåt.",
    "note_click": "Klicka på en ruta eller ett serviceställe för närmare uppgifter. "
    "Obebodda områden är tomma.",
    "status_reached": "nås längs vägnätet",
    "status_beyond": "restiden är längre än den sista zonen",
    "status_moved": "ansluten till närmaste väg som leder till ett serviceställe",
    "status_too_far": "över {km} km till närmaste väg: ingen vägförbindelse i beräkningen",
    "status_unreachable": "ingen vägförbindelse i beräkningen",
}
_EN = {
    "topic": "geographical access to services",
    "time_car": "modelled travel time by car",
    "time_bicycle": "modelled travel time by bicycle",
    "time_walk": "modelled travel time on foot",
    "to_sites": "to the service point nearest by travel time",
    "from_sites": "from the service point nearest by travel time",
    "winter": "at winter speeds",
    "tier": "service level",
    "sites": "service points",
    "site": "service point",
    "population": "population by grid cell",
    "residents": "residents",
    "one_person": "resident",
    "people": "residents",
    "share": "share",
    "band": "travel-time band",
    "beyond": "over {minutes} min",
    "unreachable": "no road connection in the model",
    "nothing": "no road connection in the model, or no service point",
    "withheld": "withheld to protect privacy (fewer than 10)",
    "nobody": "no residents",
    "show": "show on the map",
    "borders": "municipal borders",
    "places": "place names",
    "roads": "main roads",
    "outlines": "outlines of the travel-time bands",
    "within": "within {minutes} min",
    "external": "outside the region",
    "map": "map",
    "legend": "legend",
    "skip": "skip the map, to the legend",
    "zoom_in": "zoom in",
    "zoom_out": "zoom out",
    "close": "close",
    "note_bands": "A band includes its upper limit. Minutes are rounded up.",
    "note_click": "Click a cell or a service point for its details. "
    "Areas where nobody lives are empty.",
    "status_reached": "reached by road",
    "status_beyond": "travel time longer than the last band",
    "status_moved": "joined to the nearest road that leads to a service point",
    "status_too_far": "over {km} km to the nearest road: no road connection in the model",
    "status_unreachable": "no road connection in the model",
}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"fi": _FI, "sv": _SV, "en": _EN})


def words_in(language: str) -> Mapping[str, str]:
    """Give the words of a language.

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> words_in("sv")["sites"]
    'serviceställen'
    """
    if language not in WORDS:
        raise ValueError(f'no map in "{language}"; languages: {", ".join(LANGUAGES)}')
    return WORDS[language]


def sentence(text: str) -> str:
    """Begin with a capital letter, and leave the rest as it is.

    Examples
    --------
    >>> sentence("palvelutaso L")
    'Palvelutaso L'
    """
    return text[:1].upper() + text[1:]
