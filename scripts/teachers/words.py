"""Words, names and numbers for the generators. Everything here is invented or common."""
import random

LOGINS = """alderman birchwood calderon drayton eastgate fenwick garnetta holloway ingrams jorvik kestrelle lomond marlowe
northam orinoco pellworm quennell rowanberry stanmore thistle umberto verdant westering yarrow zephyrine mkorhonen
tobias-lund annika88 devon-r pixelforge nullroute octavian rustybolt codeweaver lambdafan quietstorm bluefin99""".split()
PROJECTS = """toolbox website dotfiles api-client parser blog homework docs engine backend frontend mobile-app game-of-life
learning-js django-site rails-app node-server notes scripts config playground sample project1 linux-kernel theme plugin
vim-config data-science calculator weather chatbot todo-list portfolio scheduler importer dashboard""".split()
VERBS = "Fix Add Update Remove Refactor Improve Rename Merge Revert Move Clean Document Test Bump Handle Allow Support".split()
NOUNS = """bug typo test tests build parser config readme README.md documentation version dependencies layout style
handler module class function loop cache memory leak crash error message header footer index page link table column query
model view controller template script option flag default value path file folder name support feature api server client
user login session token request response timeout connection database migration schema field type check warning""".split()
LANGUAGES = ["JavaScript", "Python", "Java", "Ruby", "PHP", "C", "C++", "CSS", "HTML", "Go", "Shell", "C#", "Rust", None]
WORDS = """the of and to a in that it is was for on with as be at by this have from or had not are but what all were when
we there can an your which their if do will each how them then she many some so these would other into has more her two
like him see time could no make than first been its who now people my made over did down only way find use may water
long little very after words called just where most know get through back much before go good new write our used me man
too any day same right look think also around another came come work three word must because does part even place well""".split()
HOSTS = "alpha beta gate mail web01 web02 db1 node17 worker3 cache2 proxy build4 store".split()


class Source(random.Random):
    """A seeded source of everyday values."""

    def login(self):
        name = self.choice(LOGINS)
        return name if self.random() < 0.5 else f"{name}{self.choice(['', '-', '_'])}{self.randint(1, 999)}"

    def sentence(self, low=4, high=18):
        words = [self.choice(WORDS) if self.random() < 0.65 else self.choice(NOUNS) for _ in range(self.randint(low, high))]
        return " ".join(words).capitalize() + self.choice([".", ".", ".", "?", "!"])

    def change(self):
        """What a commit or an issue is about."""
        tail = self.choice(["", "", f" in {self.choice(NOUNS)}", f" for {self.choice(NOUNS)} {self.choice(NOUNS)}", f" (#{self.randint(1, 999)})"])
        return f"{self.choice(VERBS)} {self.choice(NOUNS)} {self.choice(NOUNS)}{tail}"

    def hex(self, digits):
        return f"{self.getrandbits(digits * 4):0{digits}x}"

    def address(self):
        """An address of the networks for documentation and private use, mostly; others at random."""
        kind = self.random()
        if kind < 0.4:
            return f"10.{self.choice([0, 12, 250, 251])}.{self.randint(0, 255)}.{self.randint(1, 254)}"
        if kind < 0.6:
            return f"192.168.{self.randint(0, 9)}.{self.randint(2, 254)}"
        return f"{self.randint(23, 222)}.{self.randint(0, 255)}.{self.randint(0, 255)}.{self.randint(1, 254)}"
