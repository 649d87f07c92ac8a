"""Given names that problems are often told of, without accents."""

_NAMES = """
    adam ahmed alan albert alex alexander alice alicia amy ana andrea andrew andy angela anita ann anna anne anton
    antonio arthur barbara ben benjamin beth betty bill bob boris brian bruno carl carla carlos carol caroline
    catherine charles charlie charlotte chen chris claire clara daniel dave david diana diego dmitri don donna dora
    edgar edward elena eli elizabeth ella ellen emily emma eric erik ethan eva eve felix fiona fran francesca frank
    franz fred gabriel george gina giulia grace greg hannah hans harold harry heidi helen helena henry hugo ian igor
    ines irene isaac isabel isabella ivan jack jacob jake james jan jane janet jason jean jeff jenna jenny jessica
    jill jim joan joe johan johann john jonas jorge jose joseph josh juan judy julia julian julie kai karen karl
    kate katie ken kevin kim klaus kurt laura lea lee lena leo leon liam lily linda lisa liz louis louise luca lucas
    lucia lucy luis lukas luke marc marco marcus maria marie mario marta martha martin mary masha mateo maya megan
    mehmet mei mia michael miguel mike mila mina mohamed monica nadia nancy natalie nate nathan nick nicole nina
    noah nora oleg olga oliver oscar otto pablo pat patrick paul paula paulo pedro peggy peter phil philip pierre
    priya rachel raj ralph ravi rebecca rita robert roberto roger ron rosa roy ruth ryan sally sam samuel sandra
    sara sarah sasha sergei simon sofia sophia sophie steve steven susan susie sven tanya ted teresa theo thomas tim
    tina tom tony trent ursula vera victor victoria vince walter wei wendy xavier yara yuki yusuf zoe
"""
GIVEN_NAMES = frozenset(_NAMES.split())
