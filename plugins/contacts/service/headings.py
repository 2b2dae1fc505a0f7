"""What people in several languages write above the columns of their files; accents do not count, and are left out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# German, French, Spanish, Italian, Portuguese: as docs/imports.md says.
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": (
            *("Kunde", "Kundenname", "nom complet", "nom du client", "cliente", "nombre completo"),
            *("nombre del cliente", "nome completo", "nome cliente", "nome do cliente"),
        ),
        # Beside a family name it is no full one, and alone it becomes the name, too.
        "given_name": ("Vorname", "prenom", "nombre", "nombres", "nome"),
        "family_name": (
            *("Nachname", "Familienname", "Zuname", "nom", "nom de famille", "apellido", "apellidos", "cognome"),
            *("apelido", "sobrenome"),
        ),
        "email": (
            *("E-Mail-Adresse", "courriel", "adresse e-mail", "adresse electronique", "correo", "correo electronico"),
            *("posta elettronica", "indirizzo e-mail", "correio eletronico", "endereco de e-mail"),
        ),
        "phone": ("Telefon", "Telefonnummer", "telephone", "telefono", "numero di telefono", "telefone"),
        "phone_2": (
            *("Handy", "Handynummer", "Mobiltelefon", "portable", "telephone portable", "movil", "telefono movil"),
            *("cellulare", "telemovel", "celular"),
        ),
        "language": ("Sprache", "langue", "idioma", "lingua"),
        "country": ("Land", "pays", "pais", "paese", "nazione"),
        "nationality": (
            *("Nationalitat", "Staatsangehorigkeit", "nationalite", "nacionalidad", "nazionalita", "cittadinanza"),
            "nacionalidade",
        ),
        "note": (
            *("Bemerkung", "Bemerkungen", "Notiz", "Notizen", "Anmerkungen", "remarque", "remarques", "commentaire"),
            *("commentaires", "notas", "observaciones", "comentarios", "note", "osservazioni", "observacoes"),
        ),
    }
)
