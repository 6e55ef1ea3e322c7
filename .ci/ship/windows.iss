; Installer for Windows, for Inno Setup 6. Not run in this project: it has no Windows machine (README.md beside this file).
; On Windows, with Python 3.11 and Inno Setup 6, in the project's folder:
;   py -3.11 -m venv out\ship\venv
;   out\ship\venv\Scripts\python -m pip install setuptools==84.2.1
;   out\ship\venv\Scripts\python -m pip install --require-hashes --no-build-isolation -r .ci\ship\requirements.lock
;   out\ship\venv\Scripts\python -m pip install --no-deps --no-build-isolation -e .
;   out\ship\venv\Scripts\pyinstaller --noconfirm --distpath out\ship --workpath out\ship\work .ci\ship\quanmai.spec
;   iscc /DVersion=0.1.0 .ci\ship\windows.iss
#ifndef Version
  #define Version "0.1.0"
#endif

[Setup]
AppId=quanmai
AppName=Quanmai 泉脉
AppVersion={#Version}
DefaultDirName={autopf}\Quanmai
DefaultGroupName=Quanmai
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
; An account without administrator's rights installs for itself.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ChangesAssociations=yes
LicenseFile=..\..\LICENSE
OutputDir=..\..\out\ship
OutputBaseFilename=quanmai-{#Version}-windows
Compression=lzma2
SolidCompression=yes
; A running console keeps its files open: setup asks to close it.
CloseApplications=yes

[Files]
Source: "..\..\out\ship\quanmai\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Icons]
Name: "{group}\Quanmai 泉脉"; Filename: "{app}\quanmai-window.exe"; Parameters: "run"
Name: "{group}\Quanmai 演练 (demo)"; Filename: "{app}\quanmai-window.exe"; Parameters: "demo"
Name: "{autodesktop}\Quanmai 泉脉"; Filename: "{app}\quanmai-window.exe"; Parameters: "run"; Tasks: desktopicon

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Registry]
Root: HKA; Subkey: "Software\Classes\.incident"; ValueType: string; ValueData: "Quanmai.incident"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Quanmai.incident"; ValueType: string; ValueData: "Quanmai incident 泉脉事件包"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Quanmai.incident\DefaultIcon"; ValueType: string; ValueData: "{app}\quanmai-window.exe,0"
Root: HKA; Subkey: "Software\Classes\Quanmai.incident\shell\open\command"; ValueType: string; ValueData: """{app}\quanmai-window.exe"" review ""%1"""

; Settings, stores and notices stay when the program is removed: they are the utility's.
