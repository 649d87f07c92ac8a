"""From a template strand of DNA to a peptide."""

from dataclasses import dataclass
from random import Random

from ...answers import Answer
from ...family import Family, Working, require
from ...notation import Bases

_BASES = "UCAG"
# The standard genetic code, codons in the order of U, C, A, G at each position; * is stop.
_CODE = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODONS = dict(zip((a + b + c for a in _BASES for b in _BASES for c in _BASES), _CODE, strict=True))
_TO_RNA = str.maketrans("ACGT", "UGCA")
_TO_DNA = str.maketrans("ACGU", "TGCA")


@dataclass(frozen=True, slots=True)
class Gene:
    """A template strand, 3' to 5'."""

    template: Bases


class Translation(Family[Gene]):
    """Transcribe, find the first AUG, read codons until a stop."""

    instance = Gene
    wordings = (
        "The template strand of a short gene reads 3'-{template}-5'. It is transcribed completely and the mRNA is "
        "translated from "
        "its first AUG with the standard genetic code until the first stop codon in frame. Give the amino-acid "
        "sequence in "
        "one-letter code.",
        "An RNA polymerase transcribes the DNA template 3'-{template}-5' into mRNA. Translation begins at the first "
        "AUG (counted "
        "from the 5' end of the mRNA) and ends at the first in-frame stop codon. Which peptide results, in "
        "one-letter amino-acid "
        "symbols?",
        "Given the DNA template strand 3'-{template}-5', determine the peptide that is encoded: start at the first "
        "AUG of the "
        "transcript, use the standard code, stop at the first in-frame stop codon. Write it in one-letter code.",
    )

    def draw(self, rng: Random) -> Gene:
        """A leader without AUG, a reading frame of five to nine codons, a stop and a trailer."""
        sense = [codon for codon, acid in CODONS.items() if acid != "*"]
        while True:
            leader = "".join(rng.choice("ACGU") for _ in range(rng.randint(2, 7)))
            if "AUG" not in leader + "AU":
                break
        body = "".join(rng.choice(sense) for _ in range(rng.randint(4, 8)))
        tail = rng.choice(("UAA", "UAG", "UGA")) + "".join(rng.choice("ACGU") for _ in range(rng.randint(1, 6)))
        return Gene((leader + "AUG" + body + tail).translate(_TO_DNA))

    def misread(self, instance: Gene, rng: Random) -> Gene:
        """One base of the strand is mistaken for another."""
        i, base = rng.randrange(len(instance.template)), rng.choice("ACGT")
        return Gene(instance.template[:i] + base + instance.template[i + 1 :])

    def work(self, instance: Gene) -> Working:
        """The peptide, codon by codon."""
        require("U" not in instance.template, "a DNA strand")
        rna = instance.template.translate(_TO_RNA)
        start = rna.find("AUG")
        require(start >= 0, "a start codon")
        codons = [rna[i : i + 3] for i in range(start, len(rna) - 2, 3)]
        stop = next((i for i, codon in enumerate(codons) if CODONS[codon] == "*"), -1)
        require(stop > 1, "a stop codon in frame")
        peptide = "".join(CODONS[codon] for codon in codons[:stop])
        reading = ", ".join(f"{codon} → {CODONS[codon]}" for codon in codons[:stop])
        gc = sum(base in "GC" for base in rna)
        return Working(
            answer=Answer("text", peptide),
            plan="The mRNA is complementary and antiparallel to the template: read 3' to 5', the template gives the "
            "mRNA 5' to 3' "
            "with A→U, T→A, G→C, C→G. Then I look for the first AUG and read triplets.",
            steps=(
                f"Transcription gives the mRNA 5'-{rna}-3'.",
                f"The first AUG begins at base {start + 1}; the {start} bases before it are an untranslated leader.",
                f"In that frame the codons are {' '.join(codons[: stop + 1])}.",
                f"Translation: {reading}; {codons[stop]} is a stop codon and adds nothing. The peptide is {peptide}.",
            ),
            checks=(
                f"From the first base of AUG to the last of {codons[stop]} there are {3 * (stop + 1)} bases, a "
                f"multiple of three, "
                f"for {stop} amino acids and the stop; the peptide has {len(peptide)} letters.",
                f"The transcript has {gc} G or C among {len(rna)} bases, and the template has "
                f"{sum(base in 'GC' for base in instance.template)}, as complementary strands must agree in this "
                f"count.",
            ),
        )
