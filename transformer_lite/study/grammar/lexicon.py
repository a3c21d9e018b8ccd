"""The words of the toy translator, English and Chinese side by side, as tables.

What may stand together is said by kinds: who eats is a person or a pet, and what is eaten is food.
"""

from __future__ import annotations

from typing import NamedTuple


class Noun(NamedTuple):
    """A thing that can be named: *cat*, *cup of tea*."""

    one: str
    many: str
    """Of a mother there is one only: ``-``."""
    chinese: str
    measure: str
    """What Chinese counts it by: 两**只**猫."""
    kinds: str
    determiners: str = "definite pointed owned counted any generic"
    """Which groups of determiners it takes."""

    @property
    def is_mass(self) -> bool:
        """Whether it is counted in cups or bottles."""
        return " of " in self.one

    @property
    def word(self) -> str:
        """The noun itself, *cat* or *tea*."""
        return self.one.rpartition(" of ")[2]

    @property
    def bare(self) -> str:
        """The form that is not counted, *cats* or *tea*."""
        return self.word if self.is_mass else self.many


class Determiner(NamedTuple):
    """What stands before a noun, in Chinese with `M`, a place for the measure word."""

    group: str
    english: str
    form: str
    """Which form of the noun follows: `one`, `many` or `bare`."""
    chinese: str


class Pronoun(NamedTuple):
    """Who speaks, is spoken to, or is spoken of."""

    subject: str
    object: str
    be: str
    chinese: str
    who: str
    """Who is meant: *I like us* is not said."""


class Demonstrative(NamedTuple):
    """What is pointed at, and not named."""

    group: str
    english: str
    chinese: str


class Verb(NamedTuple):
    """What somebody does, or does to something."""

    frame: str
    """Which patterns of the grammar take it."""
    base: str
    third: str
    ing: str
    past: str
    """Forms that are not used are ``-``."""
    chinese: str
    subjects: str
    objects: str
    """Kinds of nouns; nothing where the verb takes no object."""
    places: str


class Adjective(NamedTuple):
    """What something is like."""

    frame: str
    english: str
    before: str
    """The Chinese before a noun, ``-`` where it is not used there."""
    chinese: str
    """The Chinese behind *is*."""
    kinds: str


class Location(NamedTuple):
    """Where something is.

    A `spot` may stand behind a noun: *the cat on the table*. At a `place`, things are done. Chinese says 在家, *at
    home*, without the word for *in*, and 公园里, *in the park*, with it: the first are of the group `at`.
    """

    group: str
    english: str
    chinese: str
    kinds: str


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


NOUNS = [
    Noun(*row)
    for row in _rows("""
    student          | students           | 学生 | 个 | person somebody role
    teacher          | teachers           | 老师 | 个 | person somebody role
    doctor           | doctors            | 医生 | 个 | person somebody role
    friend           | friends            | 朋友 | 个 | person somebody role
    boy              | boys               | 男孩 | 个 | person somebody | definite pointed counted any generic
    girl             | girls              | 女孩 | 个 | person somebody | definite pointed counted any generic
    child            | children           | 孩子 | 个 | person somebody
    person           | people             | 人   | 个 | somebody | pointed counted
    mother           | -                  | 妈妈 | 个 | person kin | owned
    father           | -                  | 爸爸 | 个 | person kin | owned
    cat              | cats               | 猫   | 只 | animal pet
    dog              | dogs               | 狗   | 只 | animal pet
    bird             | birds              | 鸟   | 只 | animal bird
    horse            | horses             | 马   | 匹 | animal
    apple            | apples             | 苹果 | 个 | food
    egg              | eggs               | 鸡蛋 | 个 | food
    fish             | fish               | 鱼   | 条 | food
    cup of tea       | cups of tea        | 茶   | 杯 | drink
    bottle of milk   | bottles of milk    | 牛奶 | 瓶 | drink lap
    bottle of water  | bottles of water   | 水   | 瓶 | drink lap
    book             | books              | 书   | 本 | thing text
    newspaper        | newspapers         | 报纸 | 份 | thing text
    pen              | pens               | 笔   | 支 | thing
    hat              | hats               | 帽子 | 顶 | thing coloured
    car              | cars               | 车   | 辆 | car coloured
    """)
]

# `counted` is for what is new, `any` for "not a" and questions, where Chinese does not count.
DETERMINERS = [
    Determiner(*row)
    for row in _rows("""
    definite | the   | one  |
    definite | the   | bare |
    pointed  | this  | one  | 这 M
    pointed  | that  | one  | 那 M
    pointed  | these | many | 这些
    pointed  | those | many | 那些
    owned    | my    | one  | 我 的
    owned    | my    | bare | 我 的
    owned    | your  | one  | 你 的
    owned    | his   | one  | 他 的
    owned    | his   | bare | 他 的
    owned    | her   | one  | 她 的
    owned    | her   | bare | 她 的
    counted  | a     | one  | 一 M
    counted  | two   | many | 两 M
    counted  | three | many | 三 M
    counted  | four  | many | 四 M
    counted  | five  | many | 五 M
    counted  | ten   | many | 十 M
    any      | a     | one  |
    generic  |       | bare |
    """)
]

PRONOUNS = [
    Pronoun(*row)
    for row in _rows("""
    i    | me   | am  | 我   | i
    you  | you  | are | 你   | you
    he   | him  | is  | 他   | he
    she  | her  | is  | 她   | she
    we   | us   | are | 我们 | i
    they | them | are | 他们 | he
    """)
]

DEMONSTRATIVES = [
    Demonstrative(*row)
    for row in _rows("""
    this  | this  | 这
    this  | that  | 那
    these | these | 这些
    these | those | 那些
    """)
]

VERBS = [
    Verb(*row)
    for row in _rows("""
    action  | chase | chases | chasing | chased | 追 | person animal | animal | in the park
    action  | chase | chases | chasing | chased | 追 | animal | person | in the park
    action  | eat | eats | eating | ate | 吃 | person pet | food | at home, in the kitchen
    action  | drink | drinks | drinking | drank | 喝 | person | drink | at home, in the kitchen
    action  | drink | drinks | drinking | drank | 喝 | pet | lap | at home, in the kitchen
    action  | read | reads | reading | - | 看 | person | text | at home, at school, in the library, in the park
    action  | buy | buys | buying | bought | 买 | person | food drink thing | in the shop
    action  | draw | draws | drawing | drew | 画 | person | animal car | at home, at school, in the park
    action  | help | helps | helping | helped | 帮助 | person | person | at home, at school, in the library
    ongoing | look for | - | looking for | - | 找 | person | person pet thing | at school, in the park
    ongoing | wait for | - | waiting for | - | 等 | person | person | at home, in the shop, in the park
    action  | sleep | sleeps | sleeping | slept | 睡觉 | person pet | | at home, in the park
    action  | work | works | working | worked | 工作 | person | | at home, at school, in the library, in the shop
    skill   | swim | swims | swimming | swam | 游泳 | person | |
    skill   | sing | sings | singing | sang | 唱歌 | person | | at home, at school, in the park
    skill   | play football | plays football | playing football | played football | 踢 足球 | person | | in the park
    skill   | play the piano | plays the piano | playing the piano | played the piano | 弹 钢琴 | person | | at home
    feeling | like | likes | - | - | 喜欢 | person | person animal food drink thing car |
    feeling | know | knows | - | - | 认识 | person | person |
    having  | have | has | - | - | 有 | person | pet thing car |
    having  | want | wants | - | - | 想要 | person | pet food drink thing car |
    """)
]

ADJECTIVES = [
    Adjective(*row)
    for row in _rows("""
    quality | big         | 大      | 大   | animal food coloured
    quality | small       | 小      | 小   | animal food coloured
    quality | new         | 新      | 新   | thing car
    quality | old         | 旧      | 旧   | thing car
    quality | old         | 老      | 老   | animal
    quality | expensive   | -       | 贵   | food drink thing car
    quality | beautiful   | 漂亮 的 | 漂亮 | animal coloured
    quality | clever      | 聪明 的 | 聪明 | person pet
    quality | young       | 年轻 的 | 年轻 | role
    quality | busy        | -       | 忙   | person
    quality | tired       | -       | 累   | person pet
    quality | happy       | -       | 高兴 | person
    colour  | black       | 黑      | 黑色 | animal coloured
    colour  | white       | 白      | 白色 | animal coloured
    colour  | red         | 红      | 红色 | coloured
    """)
]

LOCATIONS = [
    Location(*row)
    for row in _rows("""
    spot  | on the table    | 桌子 上   | food drink thing pet
    spot  | on the chair    | 椅子 上   | thing pet
    spot  | in the box      | 箱子 里   | food thing pet
    spot  | under the table | 桌子 下   | pet thing
    spot  | under the chair | 椅子 下   | pet thing
    spot  | in the tree     | 树 上     | bird
    spot  | under the tree  | 树 下     | somebody animal
    spot  | behind the tree | 树 后面   | somebody animal car
    spot  | behind the door | 门 后面   | somebody pet thing
    place | in the park     | 公园 里   | somebody animal
    place | in the kitchen  | 厨房 里   | somebody kin pet food drink
    place | in the library  | 图书馆 里 | somebody kin text
    place | in the shop     | 商店 里   | somebody kin food drink thing
    at    | at home         | 家        | person
    at    | at school       | 学校      | person
    """)
]
